#!/bin/sh
# Runs every evaluation of docs/EVALUATION.md: sh bench/eval/run.sh SETS OUT
# SETS is the folder of the public sets, OUT gets their converted forms and one
# JSON file of figures for each run. Seeds 1, 2 and 3 where a method has one.
set -eu
sets=$1 out=$2 z=${ZHIDAN:-bin/zhidan}
node "$(dirname "$0")/sets.mjs" "$sets" "$out"
run() { name=$1; shift; for seed in ${SEEDS:-1 2 3}; do "$z" eval "$@" --json --seed $seed > "$out/$name-$seed.json"; done; }
once() { SEEDS=1 run "$@"; }
run banking intent --train "$sets/en-intent-banking77/train.csv" --test "$sets/en-intent-banking77/test.csv"
run banking-10 intent --train "$sets/en-intent-banking77/train.csv" --test "$sets/en-intent-banking77/test.csv" --shots 10
c=$sets/en-oos-clinc150
run clinc intent --train "$c/train.tsv" --test "$c/test.tsv" --oos "$c/oos_test.tsv" --val "$c/val.tsv" --oos-val "$c/oos_val.tsv"
first() { ls "$sets/$1"/$2* | head -n 1; }
run thucnews intent --train "$(first zh-topic-thucnews train)" --test "$(first zh-topic-thucnews test)"
run smp intent --train "$(first zh-intent-smp2019 train)" --test "$(first zh-intent-smp2019 test)" --label domain,intent
run waimai sentiment --train "$(first zh-sentiment-waimai train)" --test "$(first zh-sentiment-waimai test)"
run yelp sentiment --train "$(first en-sentiment-yelp1k train)" --test "$(first en-sentiment-yelp1k test)"
run endava priority --train "$sets/en-priority-endava/train.tsv" --test "$sets/en-priority-endava/test.tsv" --text title,body --label urgency
run crosswoz entities --train "$out/crosswoz-train.jsonl" --test "$out/crosswoz-test.jsonl"
run nlupp entities --train "$out/nlupp-train.jsonl" --test "$out/nlupp-test.jsonl"
once oppo duplicates --pairs "$out/oppo.tsv"
once oppo-pairs duplicates --pairs "$out/oppo-test.tsv" --train "$out/oppo-train.tsv"
once medical retrieval --docs "$out/medical-docs.jsonl" --queries "$out/medical-queries.jsonl"
once covid retrieval --docs "$out/covid-docs.jsonl" --queries "$out/covid-queries.jsonl"
once mail-reply mail-reply --dir "$sets/mail-reply-trimmer"
for f in "$out"/*-1.json; do
  node -e '
    const [file] = process.argv.slice(1), base = file.replace(/-1\.json$/, ""), fs = require("fs");
    const all = [1, 2, 3].map((s) => `${base}-${s}.json`).filter((f) => fs.existsSync(f)).map((f) => JSON.parse(fs.readFileSync(f)));
    const mean = (k) => (all.reduce((n, r) => n + r[k], 0) / all.length).toFixed(4);
    const keys = ["accuracy","macro_f1","ece","auroc","overall_accuracy","micro_f1","hit_at_1","hit_at_10","pair_auc","exact","total","train_seconds","predict_micros","query_millis","model_bytes"];
    const types = all[0].per_type ? " " + Object.keys(all[0].per_type).map((t) => `${t} ${(all.reduce((n, r) => n + (r.per_type[t]?.f1 ?? 0), 0) / all.length).toFixed(3)}`).join(" ") : "";
    console.log(base.split("/").pop().padEnd(12), keys.filter((k) => k in all[0]).map((k) => `${k} ${mean(k)}`).join("  ") + types);
  ' "$f"
done
