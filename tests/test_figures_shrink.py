"""What happens to the figures' JavaScript on its way to the browser."""

import pytest

from course_utils.figures import base
from course_utils.figures.javascript import Code
from course_utils.figures.shrink import shared_names, short_names, shrink

PAGE = set(
    """Array Boolean Date Error Event Infinity JSON Math MutationObserver Number Object String
    addEventListener cancelAnimationFrame clearTimeout dispatchEvent document getComputedStyle
    localStorage matchMedia parseInt performance removeEventListener requestAnimationFrame
    setTimeout structuredClone""".split()  # noqa: SIM905 (forty lines of quotes say no more)
)


@pytest.mark.parametrize(
    ("source", "short"),
    [
        ("const a = 1; // one\n\n  /* two\n lines */ const b = 2;\n", "let a=1;let b=2;"),
        ('f("a  // b", `c  ${d  + `e  f` } g`);', 'f("a  // b",`c  ${d+`e  f`} g`);'),
        ("x = a / b / c;", "x=a/b/c;"),
        ('s.replace(/ "[^/]/g, t);', 's.replace(/ "[^/]/g,t);'),
        ("if (f) { while (g()); }", "if(f){while(g());}"),
        ("f({ const: 1 });", "f({const:1});"),
        ("return a\n  .b();", "return a.b();"),
        ("let a = 1\nlet b = 2", "let a=1\nlet b=2"),
        ("x = y - -z + +w;", "x=y- -z+ +w;"),
        ("for (const k in o) if (!k) delete o[k];", "for(let k in o)if(!k)delete o[k];"),
        ("a = {b: 1}\n[c] = d", "a={b:1}\n[c]=d"),
        ('f(/}/, `\\`${"}"}$`, "a")', 'f(/}/,`\\`${"}"}$`,"a")'),
        ("a = `${ {b: 1}.b }  c`;", "a=`${{b:1}.b}  c`;"),
    ],
)
def test_shrink_keeps_strings_and_statements(source, short):
    assert shrink(source) == short


@pytest.mark.parametrize(
    ("source", "short"),
    [
        ("const one = 1, two = f(g, h); one; two;", "let e=1,t=f(g,h);e;t;"),
        ("const one = e; one;", "let t=e;t;"),  # e comes from elsewhere
        ("const one = 1; o.one, o?.one, f({ one: one });", "let e=1;o.one,o?.one,f({one:e});"),
        ("const one = 1; f({ one, two: 2 });", "let e=1;f({one:e,two:2});"),
        ("const one = 1; f(...one, x ? one : y);", "let e=1;f(...e,x?e:y);"),
        ('const one = 1; f("one", `one ${one}`, /one/);', 'let e=1;f("one",`one ${e}`,/one/);'),
        (
            "const { one = g, two: [three], ...four } = h; one; three; four;",
            "let{one:t=g,two:[a],...e}=h;t;a;e;",
        ),
        ("for (const [one, two] of f) one(two);", "for(let[e,t]of f)e(t);"),
        (
            "class One { one(two) { this.one(two); } } new One();",
            "class e{one(e){this.one(e)}}new e();",
        ),
        ("f({ one(two) { return two; } });", "f({one(e){return e}});"),
        ("const f = (one) => one, g = two => { two; };", "let e=(e)=>e,t=e=>{e};"),
        (
            "const one = 1; f((two) => one + two, (three) => three);",
            "let e=1;f((t)=>e+t,(e)=>e);",
        ),
        ("function f(one) { const two = one; return two; }", "function e(e){let t=e;return t}"),
        (
            "function f(one) { const two = 1; return two; }",
            "function e(t){let e=1;return e}",
        ),  # no parameter named as a constant
        ("try { f(); } catch (one) { g(one); }", "try{f()}catch(e){g(e)}"),
        ("export function one(two) { return two; }", "export function one(e){return e}"),
        ("one(); { const one = 1; }", "one();{let one=1}"),  # the first is not declared here
        ("const one = (a, b = { c: a }) => [a, b], two = 1;", "let e=(e,t={c:e})=>[e,t],t=1;"),
        (
            "if (one) { const two = 1; f(two); } else { const three = 2; f(three); }",
            "if(one){let e=1;f(e)}else{let e=2;f(e)}",
        ),
    ],
)
def test_variables_get_short_names(source, short):
    assert shrink(source, short_names(source)) == short


def test_a_name_means_the_same_in_all_modules():
    common, module = "const one = 1, two = (three) => three, four = 2;", "const three = two(one);"
    shared = shared_names(common, [module])
    assert sorted(shared) == ["four", "one", "two"]
    assert len(set(shared.values())) == 3
    names = short_names(module, shared)
    assert {name: names[name] for name in shared} == shared
    assert names["three"] not in shared.values()  # nor that of four: the page sees one module


def test_what_is_no_javascript_is_refused():
    with pytest.raises(ValueError, match="not understood: '`never"):
        shrink("const a = `never closed;")
    with pytest.raises(ValueError, match="brackets"):
        shrink("f(); }")
    with pytest.raises(ValueError, match="brackets"):
        shrink("f(() => {")


def variables(code: Code) -> list[str | int]:
    """Return for each use of a variable which declaration it means; free names as they are."""
    found, numbers = [], {}
    for i, name in sorted((i, name) for name, places in code.names.items() for i in places):
        around = [s for s in code.scopes.get(name, ()) if s[0] <= i <= s[1]]
        scope = min(around, key=lambda s: s[1] - s[0], default=None)
        found.append(name if scope is None else numbers.setdefault((name, scope), len(numbers)))
    return found


@pytest.mark.parametrize("name", ["host", "ui", *base.names()])
def test_each_variable_still_means_the_same_declaration(name):
    text, ui = base.read(f"{name}.js"), base.read("ui.js")
    shared = shared_names(ui, [text]) if name != "host" else {}
    full = {short: long for long, short in shared.items()}
    after = variables(Code(shrink(text, short_names(text, shared))))
    assert [full.get(v, v) for v in after] == variables(Code(text))


@pytest.mark.parametrize("name", ["ui", *base.names()])
def test_a_module_uses_only_what_the_page_or_the_helpers_have(name):
    code = Code(base.read(f"{name}.js"))
    free = {n for n in code.names if not code.is_known(n)} - Code(base.read("ui.js")).top()
    assert free <= PAGE
