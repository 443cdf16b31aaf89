// What the page does in the browser: draws the figures that the server sends as values, in the colours of the theme,
// writes tables and their CSV, keeps the link up to date and copies the command. All texts are written as text.
"use strict";

(() => {
  const colourOf = (name) => getComputedStyle(document.body).getPropertyValue(name).trim();

  // a copy of a figure's values with every "var(--name)" replaced by the theme's value
  const inTheme = (value) => {
    if (typeof value === "string") return value.startsWith("var(--") ? colourOf(value.slice(4, -1)) : value;
    if (Array.isArray(value)) return value.map(inTheme);
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, inTheme(inner)]));
    }
    return value;
  };

  const plotly = () =>
    new Promise((resolve) => {
      const look = () => (window.Plotly ? resolve(window.Plotly) : setTimeout(look, 30));
      look();
    });

  const TICK = 22; // pixels that a number below the curve needs

  // title and subtitle stand above the drawing as real headings, which wrap and can be read aloud
  const drawing = (figure, width) => {
    const { data, layout } = inTheme(figure);
    delete layout.title;
    const space = layout.meta && layout.meta.label_space;
    if (space) {
      const inner = width - layout.margin.l - layout.margin.r;
      const share = 1 - Math.min(space, inner / 2) / inner;
      layout.xaxis.domain = [0, share];
      layout.xaxis2.domain = [share, 1];
      const ticks = layout.xaxis.tickvals;
      const step = Math.ceil((TICK * ticks.length) / (inner * share));
      layout.xaxis.tickvals = ticks.filter((tick) => tick % step === 0);
    }
    const need = layout.meta && layout.meta.values_need;
    const shown = need > width ? data.filter((trace) => trace.name !== "values") : data;
    return [shown, { ...layout, width }];
  };

  const figure = (element, props, watch, pick) => {
    const plot = element.querySelector(".lp-plot");
    let drawn = 0;
    const draw = async () => {
      const value = JSON.parse(props.value || "null");
      if (!value) return;
      const { title } = value.figure.layout;
      element.querySelector(".lp-title").textContent = title.text;
      element.querySelector(".lp-sub").textContent = title.subtitle.text;
      plot.setAttribute("aria-label", value.label);
      plot.hidden = !value.figure.data.length;
      element.querySelector(".lp-numbers").hidden = plot.hidden;
      writeTable(element.querySelector(".lp-table"), value.numbers);
      const turn = ++drawn;
      const Plotly = await plotly();
      const width = plot.clientWidth;
      if (turn !== drawn || plot.hidden || !width) return; // a newer drawing is on its way, or the tab is closed
      await Plotly.react(plot, ...drawing(value.figure, width), { displayModeBar: false });
      plot.dataset.drawn = String(drawn);
      const clickable = value.figure.layout.meta && value.figure.layout.meta.clickable;
      if (clickable && !plot.dataset.clickable) {
        plot.dataset.clickable = "yes";
        plot.on("plotly_click", ({ points }) => {
          const at = points[0];
          if (Array.isArray(at.customdata)) pick({ strategy: at.customdata[0], n_dropped: Math.round(at.x), layers: at.customdata[2] });
        });
        plot.on("plotly_hover", ({ points }) => preview(points[0].customdata && points[0].customdata[2]));
        plot.on("plotly_unhover", () => preview(null));
      }
    };
    watch("value", draw);
    draw();
    let width = 0;
    new ResizeObserver(() => {
      if (plot.clientWidth !== width) {
        width = plot.clientWidth;
        draw();
      }
    }).observe(element);
    new MutationObserver(draw).observe(document.body, { attributes: true, attributeFilter: ["class"] });
  };

  // the layers that the point under the pointer drops, marked in the stack; null: none
  const preview = (dropped) => {
    for (const layer of document.querySelectorAll("#lp-stack [data-layer]")) {
      layer.classList.toggle("lp-preview", Boolean(dropped));
      layer.classList.toggle("lp-preview-off", Boolean(dropped) && dropped.includes(Number(layer.dataset.layer)));
    }
  };

  const make = (tag, text, classes) => {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (classes) made.className = classes;
    return made;
  };

  const writeTable = (box, numbers) => {
    box.replaceChildren();
    if (!numbers || !numbers.rows.length) return;
    const numeric = numbers.columns.map((_, i) => numbers.rows.every((row) => row[i] === null || typeof row[i] === "number"));
    const shape = numbers.columns.map((_, i) => {
      const decimals = numbers.rows.map((row) => (String(row[i]).split(".")[1] || "").length);
      const digits = numeric[i] ? Math.max(...decimals) : 0;
      return new Intl.NumberFormat("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
    });
    const table = make("table");
    const head = table.createTHead().insertRow();
    numbers.columns.forEach((name, i) => {
      const cell = head.appendChild(make("th", name, numeric[i] ? "lp-right" : ""));
      cell.scope = "col";
    });
    const body = table.createTBody();
    for (const row of numbers.rows) {
      const line = body.insertRow();
      row.forEach((cell, i) => {
        const text = cell === null ? "–" : numeric[i] ? shape[i].format(cell) : String(cell);
        line.appendChild(make("td", text, numeric[i] ? "lp-right" : ""));
      });
    }
    const scroll = make("div", undefined, "lp-scroll");
    scroll.tabIndex = 0;
    scroll.setAttribute("role", "region");
    scroll.setAttribute("aria-label", "table");
    scroll.append(table);
    const save = make("button", "Download as CSV", "lp-button");
    save.type = "button";
    save.onclick = () => download(numbers);
    box.append(scroll, save);
  };

  const asCsv = (numbers) => {
    const quote = (cell) => (cell === null ? "" : /[",\n]/.test(cell) ? `"${String(cell).replaceAll('"', '""')}"` : String(cell));
    return [numbers.columns, ...numbers.rows].map((row) => row.map(quote).join(",")).join("\n") + "\n";
  };

  const download = (numbers) => {
    const link = make("a");
    link.href = URL.createObjectURL(new Blob([asCsv(numbers)], { type: "text/csv" }));
    link.download = numbers.file;
    link.click();
    URL.revokeObjectURL(link.href);
  };

  const rows = (element, props, watch) => {
    const write = () => {
      const { title, subtitle, numbers } = JSON.parse(props.value || "null") || {};
      element.querySelector(".lp-title").textContent = title;
      element.querySelector(".lp-sub").textContent = subtitle;
      writeTable(element.querySelector(".lp-table"), numbers);
      element.closest(".lp-runs").hidden = !title;
    };
    watch("value", write);
    write();
  };

  // the address always names the choice and the tab that are shown, so that it can be shared. What comes with a new choice may be
  // asked for now: controls that fit its strategy, and the open tab
  const link = (element, props, watch, fit) => {
    let fits = props.value && String(props.value.fits);
    const write = () => {
      if (!props.value) return;
      const theme = new URLSearchParams(location.search).get("__theme");
      const tab = document.querySelector('#lp-tabs [role="tab"][aria-selected="true"]')?.dataset.tabId;
      const more = (tab && tab !== "trade-off" ? `&tab=${tab}` : "") + (theme ? `&__theme=${theme}` : "");
      history.replaceState(history.state, "", `?${props.value.query}${more}`);
      const typed = document.querySelector("#lp-drop input[type=number]");
      if (typed) Object.assign(typed, { readOnly: true, tabIndex: -1 }); // shows the slider's number; Gradio does not clamp what is typed
      for (const group of document.querySelectorAll(".lp-choices fieldset")) {
        group.setAttribute("aria-label", group.querySelector('[data-testid="block-info"]').textContent);
      }
    };
    watch("value", () => {
      write();
      refresh();
      const before = fits;
      fits = String(props.value.fits);
      if (before && before !== fits) later(fit);
    });
    new MutationObserver(write).observe(document.querySelector("#lp-tabs"), { subtree: true, attributeFilter: ["aria-selected"] });
    write();
  };

  // the tabs that follow the panel's choice: the open one is asked for anew after every change
  const followers = [];
  const follow = (element, props, watch, tell) => followers.push({ element, tell });
  const later = (work) => setTimeout(work, 20); // once every part of the answer is in its place
  let refreshing;
  const refresh = () => {
    clearTimeout(refreshing);
    refreshing = later(() => {
      for (const { element, tell } of followers) if (element.getClientRects().length) tell();
    });
  };

  // a job that begins or ends changes more than its own part, also what the open tab shows of the same choice
  const job = (element, props, watch, turn) => {
    const state = () => props.value && `${props.value.id} ${props.value.running}`;
    let known = state();
    watch("value", () => {
      const before = known;
      known = state();
      if (before === known || !before) return; // a page that was just loaded shows it already
      later(turn);
      refresh();
    });
  };

  const copy = (element) => {
    element.addEventListener("click", async ({ target }) => {
      const button = target.closest(".lp-copy");
      if (!button) return;
      await navigator.clipboard.writeText(button.closest(".lp-command").querySelector("code").textContent.trim());
      button.classList.add("lp-copied");
      setTimeout(() => button.classList.remove("lp-copied"), 1500);
    });
  };

  // your data: a file that is too large is refused before Gradio, which would show its name as HTML, hears of it
  const limit = (element, props) => {
    const refuse = (event) => {
      if (!event.target.closest("#lp-file")) return;
      const { files } = event.dataTransfer || event.target;
      const most = Number(element.querySelector("[data-max-mb]").dataset.maxMb);
      const large = [...(files || [])].find((file) => file.size > most * 2 ** 20);
      if (!large) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      event.target.value = "";
      const text = `This file has ${(large.size / 2 ** 20).toFixed(1)} MB, allowed are ${most}; take a sample of its rows.`;
      props.value = { text, problem: true };
    };
    for (const name of ["change", "drop"]) window.addEventListener(name, refuse, true);
  };

  // on a phone the controls come after the results
  document.addEventListener("click", ({ target }) => {
    if (target.closest(".lp-jump")) document.querySelector(".lp-choices").scrollIntoView({ behavior: "smooth" });
  });

  window.lp = { figure, rows, link, follow, job, copy, limit };
})();
