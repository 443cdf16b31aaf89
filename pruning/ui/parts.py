"""The page's own parts: `gr.HTML` with a fixed template each. Values reach the page through {{}}, which escapes them,
or through assets/page/app.js, which writes them as text; never through ${}, which would be taken as HTML.

Gradio runs what {{}} has made once more, as a JavaScript template literal: a model or a text named ${...} would be
executed in the browser. `as_letters` prevents that for every part whose template has {{}}.
"""

from typing import Any

import gradio as gr
import orjson

DRAWN = ("figure", "rows")  # functions of app.js that fill a part with numbers

HEADER = """<header class="lp-header"><h1>Layer Pruning Explorer</h1>
<p>How many layers of a pre-trained transformer can you drop, which ones, and what does it cost? After
<a href="https://arxiv.org/abs/2004.03844" target="_blank" rel="noopener">Poor Man's BERT</a>.</p>
<nav aria-label="views to start with">Start with: {links}</nav>
<button type="button" class="lp-jump">Change model, task and layers ↓</button></header>"""

FIGURE = """<h2 class="lp-title"></h2><p class="lp-sub"></p><div class="lp-plot" role="img"></div>
<details class="lp-numbers"><summary>The numbers as a table</summary><div class="lp-table"></div></details>"""

TABLE = """<h2 class="lp-title"></h2><p class="lp-sub"></p><div class="lp-table"></div>"""

TILES = """<div class="lp-tiles">{{#each value.tiles}}<div class="lp-card lp-tile">
<div class="lp-number">{{number}}</div><div class="lp-text">{{text}}</div></div>{{/each}}</div>"""

STACK = """<h2 class="lp-title">{{value.title}}</h2><p class="lp-sub" role="status">{{value.subtitle}}</p>
{{#if value.layers}}<div class="lp-cap">classifier</div><ol class="lp-stack">{{#each value.layers}}
<li><button type="button" class="lp-layer {{#if off}}lp-off{{/if}}" data-layer="{{layer}}" aria-pressed="{{off}}"
{{#if ../value.fixed}}disabled{{/if}} style="--fill:{{fill}};--text:{{ink}}"><span>{{name}}
{{#if off}}<span class="lp-hidden">dropped</span>{{/if}}</span><span>{{cosine}}</span></button></li>{{/each}}</ol>
<div class="lp-cap">embeddings</div>{{/if}}"""

STACK_CLICKS = """let wanted = null, send, forget;  // the layers to drop, while clicks come faster than answers
element.addEventListener('click', ({ target }) => {
  const button = target.closest('button[data-layer]');
  if (!button) return;
  const off = [...element.querySelectorAll('.lp-off')].map((layer) => Number(layer.dataset.layer));
  wanted = wanted || new Set(off);
  const layer = Number(button.dataset.layer);
  if (!wanted.delete(layer)) wanted.add(layer);
  if (wanted.size === element.querySelectorAll('[data-layer]').length) {
    wanted.delete(layer);
    element.querySelector('.lp-sub').textContent = 'one layer has to stay';
    return;
  }
  button.classList.toggle('lp-off', wanted.has(layer));
  const layers = [...wanted];
  clearTimeout(send);
  send = setTimeout(() => trigger('toggle', { layers }), 120);
  clearTimeout(forget);
  forget = setTimeout(() => { wanted = null; }, 1500);
});"""

STORY = """<p class="lp-story" role="status"><b>{{value.lead}}</b> {{value.text}} <em>{{value.unknown}}</em></p>"""

ACTION = """<p class="lp-hint {{#if value.problem}}lp-problem{{/if}}">{{value.text}}</p>
{{#if value.command}}<div class="lp-command">
<code>{{#each value.command}}<span>{{this}}</span> {{/each}}</code>
<button type="button" class="lp-copy">Copy<span class="lp-hidden"> the command</span></button></div>{{/if}}
{{#if value.python}}<details class="lp-python"><summary>The same in Python</summary><div class="lp-command">
<pre><code>{{value.python}}</code></pre>
<button type="button" class="lp-copy">Copy<span class="lp-hidden"> the Python code</span></button>
</div></details>{{/if}}"""

JOB = """{{#if value.title}}<div class="lp-job"><b role="status">{{value.title}}</b>
{{#if value.running}}<progress aria-label="progress of the run" max="100"
{{#if value.percent}}value="{{value.percent}}"{{/if}}></progress>{{/if}}
<span class="lp-hint">{{value.detail}}</span></div>{{/if}}"""


class Values(gr.HTML):
    """A part that app.js fills. Its value travels as text: Gradio would walk through its every number three times."""

    def postprocess(self, value: Any) -> str:
        return as_text(value)


def as_text(value: Any) -> str:
    """JSON; a number that is not known becomes null."""
    return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY).decode()


def script(name: str) -> str:
    """Runs lp.NAME of assets/page/app.js on the part, as soon as that file is there. Gradio finds the events' names
    in this text: a figure reports a click on a point as `pick`, a follower asks for its tab with `refresh`, the
    link that controls `fit` the strategy, the job's part for what its `turn` changes."""
    events = {"figure": "pick", "follow": "refresh", "link": "fit", "job": "turn"}
    tell = f"(data) => trigger('{events[name]}', data)" if name in events else "null"
    return f"(function go() {{ window.lp ? lp.{name}(element, props, watch, {tell}) : setTimeout(go, 20); }})();"


def part(template: str, name: str = "", start: str | None = None, clicks: str | None = None) -> gr.HTML:
    """`name` is its id on the page, `start` the function of app.js that brings it to life, or `clicks` its own."""
    kind = Values if start in DRAWN else Template if "{{" in template else gr.HTML
    return kind(
        None,
        html_template=template,
        js_on_load=script(start) if start else clicks,
        apply_default_css=False,
        elem_id=f"lp-{name}" if name else None,
    )


class Template(gr.HTML):
    """A class, since Gradio makes parts anew as they are updated. It leaves a parts.pyi here, which git ignores."""

    def postprocess(self, value: Any) -> Any:
        return as_letters(value)


def as_letters(value: Any) -> Any:
    """The value with every $ and backslash written so that a JavaScript template literal makes them again."""
    if isinstance(value, str):
        return value.replace("\\", "\\x5c").replace("$", "\\x24")
    if isinstance(value, dict):
        return {key: as_letters(inner) for key, inner in value.items()}
    return [as_letters(inner) for inner in value] if isinstance(value, list | tuple) else value


def figure(name: str) -> gr.HTML:
    """A figure with its title, and its numbers behind one click. A click on a point triggers `pick`."""
    return part(FIGURE, name, "figure")


def follower() -> gr.HTML:
    """Nothing to see: asks with `refresh` for the tab it stands in when that is open and the choice has changed."""
    return part("", start="follow")
