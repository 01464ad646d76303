/**
 * The files that the build packed for training in the page.
 *
 * The images lie in scripts beside the book's other static files, a few thousand images each, and
 * so does the trainer's text: scripts are the one kind of file that a page from the disk may load.
 * `tools/book_ext/lab_images.py` writes them, and says in `courseImagesAt` where they are.
 */

/**
 * What the build wrote about the images.
 * @typedef {object} Packed
 * @property {string} folder address of the folder, with a slash at its end
 * @property {number} train parts of the training images
 * @property {number} partSize images per part
 * @property {number} partBytes bytes of a part's file
 */

/** Something that went wrong; `kind` says what, and `what` which file or in whose words. */
export class Fault extends Error {
  /** @param {"missing" | "damaged" | "worker" | "error"} kind @param {string} what */
  constructor(kind, what) {
    super(what);
    this.kind = kind;
    this.what = what;
  }
}

/**
 * What the build says about the images, or why there is no training in this page.
 * @returns {Packed | "no images" | "no worker"}
 */
export function packedImages() {
  const packed = /** @type {any} */ (globalThis).courseImagesAt;
  if (typeof packed?.folder !== "string") return "no images";
  if (!globalThis.Worker || !globalThis.DecompressionStream) return "no worker";
  return packed;
}

/** @param {string} address */
function loadScript(address) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => {
      script.remove();
      resolve(undefined);
    };
    script.onerror = () => {
      script.remove();
      reject(new Fault("missing", address.slice(address.lastIndexOf("/") + 1)));
    };
    document.head.append(script);
  });
}

/** @type {Record<string, string>} */
const received = {};
/** @type {Record<string, Promise<string>>} */
const underWay = {};

/**
 * Load the script of this name and return what it handed over.
 * @param {Packed} packed
 * @param {string} name such as train-0
 */
export function loadText(packed, name) {
  /** @param {string} what @param {string} text */
  const receive = (what, text) => {
    received[what] = text;
  };
  /** @type {any} */ (globalThis).courseImages = receive;
  const taken = async () => {
    await loadScript(`${packed.folder}${name}.js`);
    const text = received[name];
    delete received[name];
    if (typeof text !== "string") throw new Fault("damaged", `${name}.js`);
    return text;
  };
  underWay[name] ??= taken().finally(() => delete underWay[name]); // for all figures that ask
  return underWay[name];
}
