"""The rows of gpu.py as tables in Markdown."""

import math

from gpu_work import CHAINS, TRAINING
from run import shown

# How far results may be from what they must be, relatively.
TOLERANCE = {"bandwidth": 1e-4, "training": 1e-3, "overhead": 1e-4}


def laid_out(head, lines):
    """A table."""
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def found(rows):
    """Rows by implementation and name."""
    return {(one["implementation"], one["row"]): one for one in rows}


def implementations(rows):
    """Those that were measured, in order."""
    return list(dict.fromkeys(one["implementation"] for one in rows if "seconds" in one))


def notes(rows):
    """What was left out, and what went wrong."""
    lines = []
    for one in rows:
        if one["row"] in ("left out", "ended"):
            lines.append(f"{one['implementation']}: {one['row']}: {one['why']}")
        elif "error" in one and isinstance(one["error"], str):
            lines.append(f"{one['implementation']}, {one['row']}: {one['error']}")
    return [f"- {line}" for line in lines]


def section(title, rows, *parts):
    """A section: its title, tables, and notes."""
    told = notes(rows)
    return "\n\n".join([f"## {title}", *parts, *(["\n".join(told)] if told else [])])


def environment(rows):
    """What there is."""
    told = found(rows).get(("bitale", "machine"))
    if told is None:
        return section("Environment", rows)
    versions = ", ".join(f"{name} {version}" for name, version in told["versions"].items())
    lines = [told["machine"], versions, told["driver"], told["doctor"]]
    return section("Environment", rows, "\n".join(filter(None, lines)))


def correctness(rows):
    """How many samples ran, and which differ."""
    ran = sum(one["ran"] for one in rows if one["row"] == "samples")
    replayed = sum(one["replayed"] for one in rows if one["row"] == "samples")
    differ = [one for one in rows if one["row"] == "sample"]
    lines = [f"{ran} samples ran, {replayed} of them replayed; {len(differ)} differ."]
    told = [" ".join("; ".join(one["told"]).split())[:200] for one in differ]
    lines += [f"- {one['name']}: {text}" for one, text in zip(differ[:100], told, strict=False)]
    twice = [one for one in rows if one["row"].startswith("twice: ")]
    changed = [one["row"][7:] for one in twice if one.get("differs")]
    same = sum(one.get("differs") is False for one in twice)
    lines.append(f"Run twice, {same} of {len(twice)} programs gave the same bits.")
    lines += [f"- not the same: {name}" for name in changed]
    return section("Correctness", rows, "\n".join(lines))


def bandwidth(rows):
    """Time, bytes by time, and percent of the fastest copy."""
    table, who = found(rows), implementations(rows)
    copies = [table[i, "copy"] for i in who if "seconds" in table.get((i, "copy"), {})]
    best = max((one["bytes"] / one["seconds"]["queued"] for one in copies), default=None)

    def cell(i, name, kind="queued"):
        one = table.get((i, name), {})
        if kind not in one.get("seconds", {}):
            return ""
        speed = one["bytes"] / one["seconds"][kind]
        share = f", {100 * speed / best:.0f} %" if best else ""
        return f"{shown(one['seconds'][kind])}, {speed / 1e9:.0f} GB/s{share}"

    columns = [(i, kind) for i in who for kind in _kinds(i)]
    heads = [f"{i}, its kernels" if kind == "kernels" else i for i, kind in columns]
    names = list(dict.fromkeys(one["row"] for one in rows if "bytes" in one))
    lines = [
        [name, *(cell(i, name, kind) for i, kind in columns), _counts(table.get(("bitale", name)))]
        for name in names
    ]
    what = "Time, speed, and percent of the fastest copy; many are queued and waited for once."
    return section("Bandwidth", rows, what, laid_out(["", *heads, "bitale asks for"], lines))


def _kinds(i):
    return ("queued", "kernels") if i == "bitale" else ("queued",)


def _counts(one):
    """What a call asks of the device."""
    counts = (one or {}).get("counts", {})
    return ", ".join(f"{n:g} {name}" for name, n in counts.items() if not name.endswith("loaded"))


def training(rows):
    """Time of a step: its loss read, queued, and what the host takes."""
    table, who = found(rows), implementations(rows)
    lines = []
    for name in TRAINING:
        wanted = table.get(("bitale", f"{name} on the CPU"), {}).get("losses")
        line = [name]
        for i in who:
            one = table.get((i, name), {})
            line.append(_times(one) + _apart(one.get("losses"), wanted))
        lines.append([*line, _counts(table.get(("bitale", name)))])
    what = "A step whose loss is read / one of many that are queued / what of it the host takes."
    return section("Training", rows, what, laid_out(["", *who, "bitale asks for"], lines))


def overhead(rows):
    """Time of small kernels in a row."""
    table, who = found(rows), implementations(rows)
    lines = [
        [
            name,
            *(_times(table.get((i, name), {})) for i in who),
            _counts(table.get(("bitale", name))),
        ]
        for name in map(str, CHAINS)
    ]
    what = "A call alone / one of many that are queued / what of it the host takes."
    return section("Overhead", rows, what, laid_out(["kernels", *who, "bitale asks for"], lines))


def _times(one):
    seconds = one.get("seconds")
    return " / ".join(shown(seconds[k]) for k in ("call", "queued", "host")) if seconds else ""


def difference(losses, wanted):
    """The greatest relative difference; infinite where one is no number."""
    apart = [abs(a / b - 1) for a, b in zip(losses, wanted, strict=True)]
    return math.inf if any(map(math.isnan, apart)) else max(apart)


def _apart(losses, wanted):
    if losses and wanted and difference(losses, wanted) > TOLERANCE["training"]:
        return " (other losses)"
    return ""


def wrongs(rows):
    """A line for each result that is not right, and for all else of ours that went wrong."""
    cpu = {
        one["row"].removesuffix(" on the CPU"): one["losses"]
        for one in rows
        if one["row"].endswith(" on the CPU")
    }
    lines = []
    for one in rows:
        part, error = one["section"], one.get("error")
        name = f"{part}, {one['implementation']}, {one['row']}"
        is_ours = one["implementation"] == "bitale"
        if one["row"] == "sample":
            lines.append(f"{name}: {one['name']}")
        elif one.get("differs"):
            lines.append(f"{name}: other bits the second time")
        elif isinstance(error, str):
            lines += [f"{name}: {error.splitlines()[0]}"] if is_ours else []
        elif error is not None and not error <= TOLERANCE[part]:
            lines.append(f"{name}: a relative error of {error:.2g}")
        elif one["row"] in ("ended", "left out"):
            lines += [f"{name}: {one['why']}"] if is_ours else []
        elif "losses" in one and one["row"] in cpu:
            apart = difference(one["losses"], cpu[one["row"]])
            if not apart <= TOLERANCE[part]:
                lines.append(f"{name}: losses {apart:.2g} from those of the CPU")
    return lines


REPORTS = {f.__name__: f for f in (environment, correctness, bandwidth, training, overhead)}
