"""Tab Models: what is on this machine, what can be fetched, and any other model by its hub id or folder."""

import re
from collections.abc import Callable

import gradio as gr

from .. import hub
from ..installs import Install, Installs
from ..jobs import CANCELLED, FAILED, RUNNING, WAITING
from ..models import (
    MODELS,
    Model,
    NotInstalledError,
    all_models,
    check_offered,
    is_fetched,
    is_hosted,
    is_hub_id,
    offers_hub,
    resolve,
)
from ..parameters import in_words, stored_parameters
from ..store import Store
from ..weights import find_weights
from .messages import NOT_LOADED, QUIET, with_message
from .parts import part

POLL_SECONDS = 1
HUB_PAGE = re.compile(r"^https?://(www\.)?huggingface\.co/|/+$")  # what the address of a model's page has around its id
SLOW = {"queue": True, "concurrency_limit": 2, "show_progress": "minimal"}  # asks the hub, or reads whole weights
INSTALL, CANCEL, USE = "Install", "Cancel", "Use"
NOTHING = {"model": "", "title": "", "facts": [], "problem": ""}  # what stands where nothing was looked up

OTHER = "owner/name or owner/name@revision on the Hugging Face hub"
STATE = """<span class="lp-state {{#if problem}}lp-problem{{/if}}">{{state}}</span>
{{#if fetching}}<progress aria-label="download of {{model}}" max="100"
{{#if percent}}value="{{percent}}"{{/if}}></progress>{{/if}}"""

BUTTON = """{{#if action}}<button type="button" class="lp-button" data-model="{{model}}"
data-action="{{action}}">{{action}}<span class="lp-hidden"> {{label}}</span></button>{{/if}}"""

TABLE = f"""<h2 class="lp-title">Models</h2>
<p class="lp-sub">A live run fetches what it needs; here you can do so before. Every file is checked, and code
that a model brings is never run.</p><p class="lp-hidden" role="status">{{{{value.told}}}}</p>
<table class="lp-models" role="table" aria-label="models"><thead role="rowgroup"><tr role="row">
<th role="columnheader">Model</th><th role="columnheader">Layers</th><th role="columnheader">Numbers</th>
<th role="columnheader">Size</th><th role="columnheader">Where it stands</th>
<th role="columnheader"><span class="lp-hidden">What to do</span></th></tr></thead>
<tbody role="rowgroup">{{{{#each value.rows}}}}<tr role="row"><th role="rowheader">{{{{label}}}}</th>
<td role="cell" class="lp-right" data-name="layers">{{{{layers}}}}</td><td role="cell">{{{{numbers}}}}</td>
<td role="cell" class="lp-right">{{{{size}}}}</td><td role="cell" class="lp-stands">{STATE}</td>
<td role="cell">{BUTTON}</td></tr>{{{{/each}}}}</tbody></table>"""

FOUND = f"""<div role="status">{{{{#if value.problem}}}}<p class="lp-problem">{{{{value.problem}}}}</p>{{{{/if}}}}
{{{{#if value.title}}}}<h3 class="lp-title">{{{{value.title}}}}</h3><dl class="lp-facts">{{{{#each value.facts}}}}
<dt>{{{{name}}}}</dt><dd>{{{{text}}}}</dd>{{{{/each}}}}</dl>{{{{/if}}}}</div>
{{{{#if value.title}}}}{{{{#each value.stands}}}}<div class="lp-stands">{STATE}{BUTTON}</div>{{{{/each}}}}{{{{/if}}}}"""

CLICKS = f"""element.addEventListener('click', ({{ target }}) => {{
  const button = target.closest('button[data-model]');
  if (!button) return;
  const {{ model, action }} = button.dataset;
  if (action === '{USE}') trigger('use', {{ model }}); else trigger('act', {{ model, action }});
}});"""


def build_models(
    demo: gr.Blocks, tab: gr.Tab, visitor: gr.BrowserState, installs: Installs, store: Store
) -> tuple[gr.State, Callable]:
    """Gives back the state with the model to use, and what registers, as an event does, what choosing one does."""
    with gr.Column(elem_classes="lp-tab"):
        with gr.Column(elem_classes="lp-card"):
            table = part(TABLE, "models", clicks=CLICKS)
        with gr.Column(elem_classes="lp-card lp-choices", visible=offers_hub()):
            about = OTHER + ("" if is_hosted() else ", or a folder that save_pretrained wrote")
            field = gr.Textbox(label="Another model", info=about, max_lines=1, elem_id="lp-other")
            look = gr.Button("Look up", elem_id="lp-look")
            found = part(FOUND, "found", clicks=CLICKS)
    looked, used, timer = gr.State(NOTHING), gr.State(""), gr.Timer(POLL_SECONDS, active=False)
    shown = [timer, table, found]

    def show(visitor, looked):
        busy = any(not install.ended for install in installs.all())
        return [gr.Timer(active=busy), describe_models(installs, visitor, store), place(looked, installs, visitor)]

    def look_up(text, visitor):
        card = describe_other(str(text or "").strip())
        return [card, *show(visitor, card)]

    def act(event: gr.EventData, visitor, looked):
        with_message(lambda: do(installs, visitor, getattr(event, "model", None), getattr(event, "action", None)))
        return show(visitor, looked)

    def pick(event: gr.EventData):
        return str(getattr(event, "model", ""))

    def when_used(*arguments, **options):
        for clicked in (table, found):
            clicked.use(pick, None, used, **QUIET).success(*arguments, **options)

    gr.on([demo.load, tab.select, timer.tick], show, [visitor, looked], shown, **QUIET)
    for clicked in (table, found):
        clicked.act(act, [visitor, looked], shown, **QUIET)
    gr.on([field.submit, look.click], look_up, [field, visitor], [looked, *shown], **QUIET | SLOW)
    return used, when_used


def do(installs: Installs, visitor: str, model: object, action: object) -> None:
    """What a click on a button asks for; the page may send anything."""
    if not visitor:
        raise ValueError(NOT_LOADED)
    if action not in (INSTALL, CANCEL) or not isinstance(model, str):
        raise ValueError(f"{action!r} of {model!r} is nothing that can be done; load the page again")
    (installs.start if action == INSTALL else installs.cancel)(model, visitor)


def describe_models(installs: Installs, visitor: str, store: Store) -> dict:
    """The table: registered models, hub models that are here, and those this visitor has asked for."""
    known = all_models() if offers_hub() else list(MODELS.values())
    latest = {install.model: install for install in installs.all()}
    names = {model.name for model in known}
    known += [as_model(i) for i in latest.values() if i.model not in names and visitor in i.holders]
    seen = models_with_runs(store)
    rows = [describe_row(m, m.name in seen) | stand(m.name, latest.get(m.name), visitor) for m in known]
    moving = [f"{row['label']}: {row['brief']}" for row in rows if row["brief"]]
    return {"rows": rows, "told": ", ".join(moving)}


def as_model(install: Install) -> Model:
    size = install.progress.steps // 1_000_000 if install.progress else 0
    return Model(install.model, install.model, install.model, 0, download_mb=size)


def models_with_runs(store: Store) -> set[str]:
    try:
        return store.models()
    except OSError:  # the tab Trade-off says what is wrong with the user's own rows
        return store.without_own().models()


def describe_row(model: Model, has_runs: bool) -> dict:
    numbers = ["measured"] * has_runs + ["published"] * bool(model.published)
    return {
        "label": model.label,
        "layers": model.n_layers or "–",
        "numbers": ", ".join(numbers) or "live only",
        "size": f"{model.download_mb:,} MB" if model.download_mb else "–",
    }


def stand(model: str, install: Install | None, visitor: str) -> dict:
    """Where a model stands in words, percent of its download (None: not known), and what its button does ('': none).

    `brief` is what is read aloud when it changes.
    """
    told = {"model": model, "fetching": False, "percent": None, "problem": False, "brief": ""}
    try:
        check_offered(model)
    except ValueError as error:
        return told | {"state": str(error), "action": ""}
    if install and not install.ended:
        mine = visitor in install.holders
        going = describe_install(install)
        going["state"] += "" if mine else ", for another visitor"
        return told | {"fetching": True, "action": CANCEL if mine else ""} | going
    if is_here(model):
        return told | {"state": "on this machine", "action": USE, "brief": "on this machine" if install else ""}
    if install and install.state == FAILED:
        return told | {"state": install.error, "action": INSTALL, "problem": True, "brief": "failed"}
    if install and install.state == CANCELLED:
        return told | {"state": "cancelled; what has come is kept", "action": INSTALL, "brief": "cancelled"}
    return told | {"state": "not here", "action": INSTALL}


def is_here(model: str) -> bool:
    """True for a folder too: it was looked up."""
    return is_fetched(model) or not (model in MODELS or is_hub_id(model))


def describe_install(install: Install) -> dict:
    """`state`, `brief` and `percent` of one that waits or runs."""
    if install.state == WAITING:
        return {"state": "waits for another download", "brief": "waiting"}
    if install.state == RUNNING and not install.holders:
        return {"state": "cancelling", "brief": "cancelling"}
    step = install.progress
    if not step or not step.steps:
        return {"state": "asking for it", "brief": "fetching"}
    if step.step >= step.steps:
        return {"state": "checking and unpacking", "brief": "checking and unpacking"}
    left = f", {step.seconds_left:.0f} s left" if step.seconds_left is not None else ""
    state = f"fetching {step.step // 1_000_000:,} of {step.steps // 1_000_000:,} MB{left}"
    return {"state": state, "brief": "fetching", "percent": max(1, 100 * step.step // step.steps)}


def place(card: dict, installs: Installs, visitor: str) -> dict:
    """The card of what was looked up, with where it stands now."""
    latest = {install.model: install for install in installs.all()}
    model = card["model"]
    stands = [{"label": card["title"]} | stand(model, latest.get(model), visitor)] if model else []
    return card | {"stands": stands}


def describe_other(model: str) -> dict:
    """What a name, hub id or folder stands for, or the sentence why it cannot be used."""
    model = HUB_PAGE.sub("", model)
    try:
        facts = find_facts(model) if model else {}
    except (ValueError, OSError) as error:
        return NOTHING | {"problem": str(error)}
    listed = [{"name": name, "text": text} for name, text in facts.items() if text]
    return NOTHING | {"model": model, "title": model, "facts": listed}


def find_facts(model: str) -> dict[str, str]:
    """ValueError and OSError say why it cannot be used, or that the hub is out of reach."""
    try:
        weights = resolve(model)
    except NotInstalledError:
        found = hub.look_up(MODELS[model].hub_id if model in MODELS else model)
        n_parameters = found.parameters
        where = {"To fetch": f"{found.download_mb:,} MB" if found.download_mb else "less than 1 MB"}
        where |= {"Revision": found.commit[:12], "Licence": found.license or "none named on its page"}
    else:
        found = weights
        n_parameters = stored_parameters(find_weights(weights.folder))
        where = {"Revision": weights.revision[:12]}
    about = {"Architecture": found.family.label, "Layers": str(found.n_layers), "Parameters": in_words(n_parameters)}
    return about | where | {"Note": found.family.note}
