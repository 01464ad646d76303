/** The style sheets, put in this place when the kit is read: kit.css, and a figure's own. */
export const STYLE = "";
export const OWN_STYLE = "";
