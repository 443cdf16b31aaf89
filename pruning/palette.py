"""Colours and markers, for figures and page alike: one row per strategy, two themes, one scale for cosines."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Look:
    """How a strategy is drawn, everywhere. Colours: Okabe & Ito, which colour-blind readers can tell apart."""

    colour: str
    marker: str  # plotly symbol
    outline: str  # the same marker as an SVG path in a box of 12 by 12


LOOKS = {
    "top": Look("#0072B2", "circle", "M6 2a4 4 0 1 0 0 8a4 4 0 1 0 0-8z"),
    "even-alternate": Look("#E69F00", "square", "M2.5 2.5h7v7h-7z"),
    "odd-alternate": Look("#009E73", "diamond", "M6 1l5 5-5 5-5-5z"),
    "symmetric": Look("#CC79A7", "triangle-up", "M6 1.5l5 8.5H1z"),
    "contribution": Look(
        "#56B4E9", "x", "M2 3.5l1.5-1.5L6 4.5 8.5 2 10 3.5 7.5 6 10 8.5 8.5 10 6 7.5 3.5 10 2 8.5 4.5 6z"
    ),
    "bottom": Look("#D55E00", "triangle-down", "M6 10.5L11 2H1z"),
    "custom": Look("#7A7F87", "pentagon", "M6 1l5 3.6-1.9 5.9H2.9L1 4.6z"),
}

# CSS variables of both themes: light, dark
THEME = {
    "bg": ("#fbfbfa", "#131417"),
    "card": ("#ffffff", "#1b1d21"),
    "ink": ("#1d1f23", "#eceef1"),
    "mute": ("#63686f", "#9aa0a8"),
    "line": ("#e5e6e8", "#2c2f35"),
    "grid": ("#ececee", "#2a2d33"),
    "accent": ("#3b5bdb", "#8aa4ff"),
    "on-accent": ("#ffffff", "#10131c"),
    "drop": ("#c9ccd1", "#41454d"),
    "hatch": ("rgba(255,255,255,.75)", "rgba(19,20,23,.6)"),
    "band": ("rgba(59,91,219,.035)", "rgba(138,164,255,.05)"),
    "band-chosen": ("rgba(59,91,219,.06)", "rgba(138,164,255,.08)"),
    "warn": ("#a4400a", "#ffab70"),
}
SIMILAR = ("#17417f", "#dde4f2")  # lowest and highest cosine, in both themes
READABLE = 4.5  # least contrast of text with what is behind it (WCAG AA)


def theme_colours(dark: bool) -> dict[str, str]:
    """CSS variable -> value for one theme: the page's own colours and, per strategy, its line and its text."""
    card = THEME["card"][dark]
    colours = {f"--lp-{name}": pair[dark] for name, pair in THEME.items()}
    for name, look in LOOKS.items():
        colours[f"--lp-{name}"] = look.colour if not dark else readable(look.colour, card, 3)
        colours[f"--lp-{name}-text"] = readable(look.colour, card, READABLE)
    return colours


def readable(colour: str, background: str, least: float) -> str:
    """The colour, moved towards black or white just as far as its contrast with the background needs."""
    end = "#000000" if luminance(background) > 0.5 else "#ffffff"
    steps = (mix(colour, end, step / 50) for step in range(51))
    return next(c for c in steps if contrast(c, background) >= least)


def cosine_colour(share: float) -> tuple[str, str]:
    """Fill and text colour of a cosine at that share (0 to 1) of the scale."""
    fill = mix(*SIMILAR, min(1.0, max(0.0, share)))
    return fill, max(("#ffffff", "#000000"), key=lambda ink: contrast(ink, fill))


def mix(first: str, second: str, share: float) -> str:
    """#rrggbb between two of them; share 0 is the first."""
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in zip(rgb(first), rgb(second), strict=True))


def contrast(first: str, second: str) -> float:
    """Contrast ratio of WCAG 2: 1 to 21."""
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2."""
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (c / 255 for c in rgb(colour))]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def rgb(colour: str) -> tuple[int, int, int]:
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))
