// Brings the public evaluation sets into the forms that `zhidan eval` reads,
// after the protocol in each set's README: node bench/eval/sets.mjs SETS OUT
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [sets, out] = process.argv.slice(2);
if (!sets || !out) {
  console.error("usage: node bench/eval/sets.mjs SETS OUT");
  process.exit(2);
}
mkdirSync(out, { recursive: true });
const lines = (file) => readFileSync(join(sets, file), "utf8").split("\n").filter((l) => l.trim());
const jsonl = (file) => lines(file).map((l) => JSON.parse(l));
const write = (name, rows) => writeFileSync(join(out, name), rows.map((r) => JSON.stringify(r)).join("\n") + "\n");
const text = (name, rows) => writeFileSync(join(out, name), rows.join("\n") + "\n");

// Pairs: the first 7,000 train, the last 3,000 test.
const pairs = lines("zh-duplicates-oppo/" + readdirSync(join(sets, "zh-duplicates-oppo")).find((f) => /\.(txt|tsv)$/.test(f)));
text("oppo.tsv", pairs);
text("oppo-train.tsv", pairs.slice(0, 7000));
text("oppo-test.tsv", pairs.slice(-3000));

// Questions against answers, the question of an answer hidden.
const medical = jsonl("zh-kb-medical/" + readdirSync(join(sets, "zh-kb-medical")).find((f) => f.endsWith(".jsonl")));
write("medical-docs.jsonl", medical.map((m) => ({ id: String(m.id), text: m.answer })));
write("medical-queries.jsonl", medical.map((m) => ({ id: "q" + m.id, text: m.title, relevant: [String(m.id)] })));
const faq = jsonl("en-kb-covidfaq/faq.jsonl");
write("covid-docs.jsonl", faq.map((f) => ({ id: String(f.id), text: f.answer })));
write("covid-queries.jsonl", faq.map((f) => ({ id: "q" + f.id, text: f.question, relevant: [String(f.id)] })));

// Spans: the last fifth is the test; folds 0-14 train, 15-19 test.
const woz = jsonl("zh-entities-crosswoz/" + readdirSync(join(sets, "zh-entities-crosswoz")).find((f) => f.endsWith(".jsonl")));
const cut = Math.floor(woz.length * 0.8);
write("crosswoz-train.jsonl", woz.slice(0, cut));
write("crosswoz-test.jsonl", woz.slice(cut));
const fold = (n) =>
  JSON.parse(readFileSync(join(sets, `en-entities-nlupp-banking/fold${n}.json`), "utf8")).map((x) => ({
    text: x.text,
    entities: Object.entries(x.slots ?? {}).map(([type, s]) => ({ start: s.span[0], end: s.span[1], type })),
  }));
const folds = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => fold(from + i)).flat();
write("nlupp-train.jsonl", folds(0, 14));
write("nlupp-test.jsonl", folds(15, 19));
