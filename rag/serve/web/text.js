// An original and its cleaned text side by side, line by line. Pure: no page needed.
//
// Offsets of the API count code points, and a JavaScript string counts UTF-16 units: `units` tells one from the other.

export function units(text) {
  if (!/[\ud800-\udfff]/.test(text)) return (point) => Math.min(point, text.length);
  const starts = [];
  for (let at = 0; at < text.length; at += text.codePointAt(at) > 0xffff ? 2 : 1) starts.push(at);
  return (point) => (point < starts.length ? starts[point] : text.length);
}

// Pieces of the original in order: kept text, and edits; cut where the lit stretch begins and ends.
function pieces(original, edits, lit) {
  const unit = units(original);
  const [from, to] = lit ? [unit(lit.start), unit(lit.end)] : [0, 0];
  const found = [];
  const kept = (start, end) => {
    const cuts = [start, from, to, end].filter((at) => at >= start && at <= end).sort((a, b) => a - b);
    for (let n = 1; n < cuts.length; n++) {
      if (cuts[n] > cuts[n - 1]) found.push({ text: original.slice(cuts[n - 1], cuts[n]), lit: cuts[n - 1] >= from && cuts[n] <= to });
    }
  };
  let at = 0;
  edits.forEach((edit, number) => {
    const [start, end] = [unit(edit.start), unit(edit.end)];
    kept(at, start);
    found.push({ edit, number, old: original.slice(start, end), lit: start < end ? start >= from && end <= to : start > from && start < to });
    at = end;
  });
  kept(at, original.length);
  return found;
}

// Rows of a line each: { original: [...], cleaned: [...] } of { text, kind: kept | removed | put, why, edit, lit }.
export function rows(original, edits, lit) {
  const made = [];
  let row = { original: [], cleaned: [] };
  const blank = (side) => side.every((piece) => !piece.text.trim());
  const next = () => {
    if (!blank(row.original) || !blank(row.cleaned)) made.push(row);
    row = { original: [], cleaned: [] };
  };
  for (const piece of pieces(original, edits, lit)) {
    if (!piece.edit) {
      piece.text.split("\n").forEach((line, n) => {
        if (n) next();
        if (line) for (const side of ["original", "cleaned"]) row[side].push({ text: line, kind: "kept", lit: piece.lit });
      });
      continue;
    }
    const { old, number, lit: isLit } = piece;
    const mark = { why: piece.edit.why, edit: number, lit: isLit };
    const put = piece.edit.new.split("\n");
    const breaks = put.length > 1 || (old.includes("\n") && blank(row.cleaned));
    if (put[0]) row.cleaned.push({ text: put[0], kind: "put", old, ...mark });
    const lines = breaks ? old.split("\n") : [old];
    lines.forEach((line, n) => {
      if (n) next();
      if (line) row.original.push({ text: line, kind: "removed", put: n ? "" : piece.edit.new, ...mark });
    });
    if (put.length > 1 && lines.length === 1) next();
    const last = put.slice(1).join("\n").replace(/^\n+/, "");
    if (last) row.cleaned.push({ text: last, kind: "put", old, ...mark });
  }
  next();
  return made;
}

// How often each reason stands among the edits, the most frequent first; joined reasons count for each.
export function reasons(edits) {
  const found = new Map();
  edits.forEach((edit, number) => {
    for (const why of new Set(edit.why.split(" + "))) found.set(why, [...(found.get(why) || []), number]);
  });
  return [...found].sort((a, b) => b[1].length - a[1].length);
}

// What cannot be seen, named by its code points; null for what can.
export function unseen(text) {
  if (/[^\s\p{C}\p{Z}\p{M}]/u.test(text) || !text || /^[ \n\r\t]+$/.test(text)) return null;
  return [...text].slice(0, 4).map((one) => `U+${one.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`).join(" ");
}
