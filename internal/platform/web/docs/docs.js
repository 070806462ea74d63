// Draws the OpenAPI document of this server. Everything that comes from the
// document is set as text, never as HTML.
"use strict";

const el = (tag, props = {}, ...children) => {
  const e = Object.assign(document.createElement(tag), props);
  for (const c of children) if (c != null) e.append(c);
  return e;
};

const methods = ["get", "post", "put", "patch", "delete"];
let doc;

const resolve = (s) => (s && s.$ref ? doc.components.schemas[s.$ref.split("/").pop()] : s);

// typeName is a schema in a few words, with links to the named ones.
function typeName(s) {
  if (!s) return document.createTextNode("any");
  if (s.$ref) {
    const name = s.$ref.split("/").pop();
    return el("a", { href: "#schema-" + name, textContent: name });
  }
  const out = el("span");
  const types = [].concat(s.type || "any");
  types.forEach((t, i) => {
    if (i) out.append(" | ");
    if (t === "array") out.append("[", typeName(s.items), "]");
    else if (t === "object" && s.additionalProperties) out.append("{string: ", typeName(s.additionalProperties), "}");
    else out.append(t);
  });
  if (s.format) out.append(" (" + s.format + ")");
  if (s.enum) out.append(": " + s.enum.join(" | "));
  return out;
}

function limits(s) {
  s = s || {};
  const parts = [];
  for (const [key, word] of [["minLength", "min length"], ["maxLength", "max length"], ["minimum", "min"], ["maximum", "max"], ["maxItems", "max items"], ["default", "default"]])
    if (s[key] !== undefined) parts.push(word + " " + s[key]);
  return parts.join(", ");
}

function rows(items) {
  const table = el("table", {}, el("tr", {}, el("th", { textContent: "Name" }), el("th", { textContent: "Type" }), el("th", { textContent: "Meaning" })));
  for (const i of items) {
    const name = el("td", {}, el("code", { textContent: i.name, className: i.required ? "req" : "" }));
    table.append(el("tr", {}, name, el("td", {}, typeName(i.schema)), el("td", { textContent: [i.doc, limits(i.schema)].filter(Boolean).join(" – ") })));
  }
  return table;
}

const properties = (s) => Object.entries(s.properties || {}).map(([name, p]) => ({ name, schema: p, required: (s.required || []).includes(name), doc: p.description }));

// example is a body to start from, made of the required properties.
function example(s, depth = 0) {
  s = resolve(s);
  if (!s || depth > 4) return null;
  if (s.examples && s.examples.length) return s.examples[0];
  if (s.default !== undefined) return s.default;
  if (s.enum) return s.enum[0];
  switch ([].concat(s.type)[0]) {
    case "object": return Object.fromEntries(Object.entries(s.properties || {}).filter(([n]) => (s.required || []).includes(n)).map(([n, p]) => [n, example(p, depth + 1)]));
    case "array": return [];
    case "integer": case "number": return 0;
    case "boolean": return false;
    default: return "";
  }
}

function tryIt(path, method, op) {
  const box = el("div", { className: "try", hidden: true });
  const fields = (op.parameters || []).map((p) => {
    const input = el("input", { placeholder: p.name + (p.required ? " *" : "") });
    input.setAttribute("aria-label", p.name);
    box.append(input);
    return [p, input];
  });
  const token = el("input", { placeholder: "API token (empty: the session of this browser)", type: "password", autocomplete: "off" });
  token.setAttribute("aria-label", "API token");
  box.append(token);
  const content = op.requestBody && op.requestBody.content && op.requestBody.content["application/json"];
  let body;
  if (content) {
    body = el("textarea", { rows: 8, value: JSON.stringify(example(content.schema), null, 2) });
    body.setAttribute("aria-label", "Body");
    box.append(body);
  }
  const result = el("pre", { hidden: true });
  const send = el("button", { textContent: "Send" });
  send.onclick = async () => {
    let url = path;
    const query = new URLSearchParams();
    const headers = {};
    for (const [p, input] of fields) {
      if (p.in === "path") url = url.replace("{" + p.name + "}", encodeURIComponent(input.value));
      else if (input.value && p.in === "query") query.set(p.name, input.value);
      else if (input.value && p.in === "header") headers[p.name] = input.value;
    }
    if (token.value) headers.Authorization = "Bearer " + token.value;
    else headers["X-Zhidan"] = "1";
    if (body) headers["Content-Type"] = "application/json";
    result.hidden = false;
    result.textContent = "…";
    try {
      const answer = await fetch(url + (query.size ? "?" + query : ""), { method: method.toUpperCase(), headers, body: body && body.value });
      let text = await answer.text();
      try { text = JSON.stringify(JSON.parse(text), null, 2); } catch { /* not JSON: as it is */ }
      result.textContent = answer.status + " " + answer.statusText + "\n\n" + text.slice(0, 100000);
    } catch (e) {
      result.textContent = String(e);
    }
  };
  box.append(send, result);
  const toggle = el("button", { textContent: "Try it" });
  toggle.onclick = () => { box.hidden = !box.hidden; };
  return el("div", {}, toggle, box);
}

function operation(path, method, op) {
  const s = el("section", { id: op.operationId });
  s.append(el("h2", { textContent: op.summary || op.operationId }));
  s.append(el("div", { className: "path" }, el("span", { className: "method", textContent: method.toUpperCase() }), path,
    el("span", { className: "perm", textContent: op["x-public"] ? "public" : op["x-permission"] || "" })));
  if (op.description) s.append(el("p", { textContent: op.description }));
  if (op.parameters && op.parameters.length) {
    s.append(el("h4", { textContent: "Parameters" }), rows(op.parameters.map((p) => ({ name: p.name, required: p.required, schema: p.schema, doc: p.in + (p.description ? ": " + p.description : "") }))));
  }
  for (const [type, c] of Object.entries((op.requestBody && op.requestBody.content) || {})) {
    s.append(el("h4", {}, "Body ", el("code", { textContent: type }), " ", typeName(c.schema)));
    const r = resolve(c.schema);
    if (r && r.properties) s.append(rows(properties(r)));
  }
  s.append(el("h4", { textContent: "Answers" }));
  for (const [status, r] of Object.entries(op.responses || {})) {
    const c = Object.values(r.content || {})[0];
    s.append(el("div", {}, el("code", { textContent: status + " " }), (r.description || "") + " ", c && c.schema ? typeName(c.schema) : ""));
  }
  s.append(tryIt(path, method, op));
  return s;
}

async function draw() {
  const main = document.getElementById("main");
  doc = await (await fetch("/openapi.json")).json();
  document.title = doc.info.title + " API " + doc.info.version;
  const groups = new Map();
  for (const [path, item] of Object.entries(doc.paths)) {
    for (const method of methods) {
      const op = item[method];
      if (!op) continue;
      const tag = (op.tags && op.tags[0]) || "Other";
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push([path, method, op]);
    }
  }
  const list = document.getElementById("list");
  main.replaceChildren(el("h1", { textContent: document.title }), el("p", { textContent: doc.info.description || "" }), el("p", {}, el("a", { href: "/openapi.json", textContent: "openapi.json" })));
  for (const [tag, ops] of groups) {
    list.append(el("h3", { textContent: tag }));
    for (const [path, method, op] of ops) {
      const link = el("a", { href: "#" + op.operationId, title: path }, el("span", { className: "method", textContent: method.toUpperCase() }), op.summary || path);
      link.dataset.find = (path + " " + (op.summary || "") + " " + op.operationId).toLowerCase();
      list.append(link);
      main.append(operation(path, method, op));
    }
  }
  main.append(el("h1", { textContent: "Schemas" }));
  for (const [name, s] of Object.entries((doc.components && doc.components.schemas) || {})) {
    main.append(el("section", { id: "schema-" + name }, el("h2", { textContent: name }), s.description ? el("p", { textContent: s.description }) : null, s.properties ? rows(properties(s)) : el("p", {}, typeName(s))));
  }
  document.getElementById("find").oninput = (e) => {
    const want = e.target.value.toLowerCase();
    for (const a of list.querySelectorAll("a")) a.hidden = !a.dataset.find.includes(want);
  };
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

draw().catch((e) => { document.getElementById("main").textContent = "The document could not be read: " + e; });
