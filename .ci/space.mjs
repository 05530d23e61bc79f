// Declared parameters in JavaScript, written from docs/spec.md alone: node .ci/space.mjs [VECTORS]
// It computes every entry of tests/vectors/space.json but the noise, and stops at the first that
// differs. The constants are read from section 13, so a typing error there shows up here.
// VECTORS is another file of the same form.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

const at_root = (path) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");

// ---- JSON: integers as BigInt, doubles as Number, so that 1 and 1.0 differ ----

function parse(text) {
    const token = /\s*([{}[\],:]|"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null)/y;
    const next = () => token.exec(text)[1];
    function value(first) {
        if (first === "{") {
            const found = {};
            for (let name = next(); name !== "}"; name = next()) {
                if (name === ",") name = next();
                next(); // the colon
                found[JSON.parse(name)] = value(next());
            }
            return found;
        }
        if (first === "[") {
            const found = [];
            for (let item = next(); item !== "]"; item = next())
                if (item !== ",") found.push(value(item));
            return found;
        }
        if (/^-?\d+$/.test(first)) return BigInt(first);
        return JSON.parse(first);
    }
    return value(next());
}

// ---- Section 12: words ----

const sha256 = (...parts) => {
    const hash = createHash("sha256");
    for (const part of parts) hash.update(part);
    return hash.digest();
};

function bytes(size, write) {
    const buffer = Buffer.alloc(size);
    write(buffer);
    return buffer;
}

function hash_of(key, depth) {
    let h = sha256(key).toString("hex");
    for (let i = 0n, fib = 0n, following = 1n; i < depth; i++) {
        h = sha256(h + fib).toString("hex");
        [fib, following] = [following, fib + following];
    }
    return Buffer.from(h, "hex");
}

function words(digest, name) {
    const tag = sha256(name).subarray(0, 16);
    let left = [];
    let c = 0;
    return () => {
        if (left.length === 0) {
            const number = bytes(4, (b) => b.writeUInt32BE(c++));
            const block = sha256(digest, Buffer.of(0), number, tag);
            left = [0, 8, 16, 24].map((from) => block.readBigUInt64BE(from));
        }
        return left.shift();
    };
}

const uc = (w) => Number(w >> 11n) * 2 ** -53;
const nth = (j) => Number(2n * j + 1n) * 2 ** -53;
const uo = (w) => nth(w >> 12n);
const at = (w, n) => (w * n) >> 64n;

// ---- Section 13: functions ----

const view = new DataView(new ArrayBuffer(8));

function power_of_2(k) {
    view.setBigUint64(0, BigInt(k + 1023) << 52n);
    return view.getFloat64(0);
}

function hex_double(text) {
    const [, sign, digits, exponent] = /^(-?)0x1\.([0-9a-f]{13})p([+-]\d+)$/.exec(text);
    const size = Number(BigInt(`0x1${digits}`)) * power_of_2(Number(exponent) - 52);
    return sign ? -size : size;
}

const constants = {};
for (const [, names, list] of at_root("docs/spec.md").matchAll(
    /^([A-Z0-9_, ]+) = doubles\("+([^"]*)"+\)$/gm,
)) {
    const numbers = list.trim().split(/\s+/).map(hex_double);
    const several = names.split(", ");
    several.forEach((name, i) => (constants[name] = several.length > 1 ? numbers[i] : numbers));
}
const { SQRT_2, LN2_HIGH, LN2_LOW, PER_LN2, LOG_EVEN, LOG_ODD, EXP, SIN } = constants;
const { CENTRE_P, CENTRE_Q, MIDDLE_P, MIDDLE_Q, TAIL_P, TAIL_Q } = constants;

function P(c, x) {
    let p = c[0];
    for (let i = 1; i < c.length; i++) p = p * x + c[i];
    return p;
}

function L(x) {
    view.setFloat64(0, x);
    const bits = view.getBigUint64(0);
    let k = Number(bits >> 52n) - 1022; // x = 2^k m, 0.5 <= m < 1
    view.setBigUint64(0, (bits & 0xfffffffffffffn) | (1022n << 52n));
    let m = view.getFloat64(0);
    if (m < SQRT_2 / 2) {
        m = 2 * m;
        k = k - 1;
    }
    const f = m - 1;
    const s = f / (2 + f);
    const z = s * s;
    const w = z * z;
    const even = w * P(LOG_EVEN, w);
    const odd = z * P(LOG_ODD, w);
    const h = 0.5 * f * f;
    return k * LN2_HIGH - (h - (s * (h + (even + odd)) + k * LN2_LOW) - f);
}

function to_even(x) {
    const below = Math.floor(x);
    const rest = x - below;
    return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}

function E(x) {
    const k = to_even(x * PER_LN2);
    const high = x - k * LN2_HIGH;
    const low = k * LN2_LOW;
    const r = high - low;
    const t = r * r;
    const c = r - t * P(EXP, t);
    return (1 - (low - (r * c) / (2 - c) - high)) * power_of_2(k);
}

const S = (x) => x * P(SIN, x * x);

function Z(u) {
    const q = u - 0.5;
    if (Math.abs(q) <= 0.425) {
        const r = 0.180625 - q * q;
        return (P(CENTRE_P, r) * q) / P(CENTRE_Q, r);
    }
    const s = Math.sqrt(-L(q < 0 ? u : 1 - u));
    const x =
        s <= 5
            ? P(MIDDLE_P, s - 1.6) / P(MIDDLE_Q, s - 1.6)
            : P(TAIL_P, s - 5) / P(TAIL_Q, s - 5);
    return q < 0 ? -x : x;
}

// ---- Section 14: distributions; w() is the next word, choices give codes ----

function least(condition) {
    let a = 0n;
    let b = 1n << 52n;
    while (a < b) {
        const m = (a + b) / 2n;
        if (condition(m)) b = m;
        else a = m + 1n;
    }
    return a;
}

function truncated_normal(w0, { mean, stdev, low, high }) {
    const N = (j) => mean + stdev * Z(nth(j));
    const first = least((j) => N(j) >= low);
    const count = least((j) => N(j) > high) - first;
    if (count < 1n << 24n) throw new Error("less than 2^-28 of the normal distribution");
    const x = N(first + at(w0, count));
    return x < low ? low : x > high ? high : x;
}

function beta(w0, w1, a) {
    const inverse = 1 / a;
    const g = E(Math.min(-(inverse * L(uo(w0))), 700)) - 1;
    const s = S(uo(w1));
    const q = g * (s * s);
    const r = 1 / (1 + q);
    const small = (0.5 * r) / (1 + Math.sqrt(q * r));
    return w1 & 1n ? 1 - small : small;
}

// The shortest digits of a double above 0: [digits as text, place of the first one].
function shortest(x) {
    const [, first, rest = "", place] = /^(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(x.toExponential());
    return [first + rest, Number(place)];
}

function thresholds(weights) {
    const exact = weights.map((weight) => {
        if (weight === 0) return [0n, 0];
        const [digits, place] = shortest(weight);
        return [BigInt(digits), place - digits.length + 1]; // digits * 10^...
    });
    const least_place = Math.min(...exact.map(([, place]) => place));
    const whole = exact.map(([digits, place]) => digits * 10n ** BigInt(place - least_place));
    const total = whole.reduce((a, b) => a + b);
    let sum = 0n;
    return whole.slice(0, -1).map((each) => ((sum += each) << 64n) / total);
}

function choice(w0, choices, weights) {
    return thresholds(weights ?? choices.map(() => 1)).filter((t) => t <= w0).length;
}

function subset(w, choices, k) {
    const C = choices.map((_, i) => i);
    for (let i = 0; i < k; i++) {
        const j = i + Number(at(w(), BigInt(C.length - i)));
        [C[i], C[j]] = [C[j], C[i]];
    }
    return C.slice(0, k);
}

const KINDS = {
    uniform: (w, { low, high }) => low + (high - low) * uc(w()),
    loguniform: (w, { low, high }) => Math.min(low * E(uc(w()) * L(high / low)), high),
    normal: (w, { mean, stdev }) => mean + stdev * Z(uo(w())),
    truncatednormal: (w, given) => truncated_normal(w(), given),
    beta: (w, { a }) => beta(w(), w(), a),
    integers: (w, { low, high, step }) => low + step * at(w(), (high - low) / step + 1n),
    bernoulli: (w, { p }) => uc(w()) < p,
    choice: (w, { choices, weights }) => choice(w(), choices, weights),
    subset: (w, { choices, k }) => subset(w, choices, Number(k)),
    seed: (w) => w(),
};

// ---- Section 15: schedules ----

function linear(knots, e) {
    const [first, last] = [knots[0], knots[knots.length - 1]];
    if (e <= first[0]) return first[1];
    for (let i = 0; i + 1 < knots.length; i++) {
        const [[e0, v0], [e1, v1]] = [knots[i], knots[i + 1]];
        if (e0 <= e && e < e1) return v0 + (v1 - v0) * (Number(e - e0) / Number(e1 - e0));
    }
    return last[1];
}

function cosine(start, stop, epochs, e) {
    if (e >= epochs) return stop;
    const s = S(Number(e) / Number(epochs));
    return start + (stop - start) * (s * s);
}

// ---- Section 18: arguments, canonical form, identity ----

const real = (x) => Number(x) + 0; // -0 + 0 is 0

// An argument in canonical types: BigInt for integers, Number for doubles.
function canonical_argument(kind, name, value) {
    if (kind === "integers" || ["draw", "k", "shape", "choices"].includes(name))
        return Array.isArray(value) ? value.map(canonical_choice) : value;
    if (name === "weights") return value.map(real);
    if (value.linear) return { linear: value.linear.map(([epoch, v]) => [epoch, real(v)]) };
    if (value.cosine) {
        const [start, stop, epochs] = value.cosine;
        return { cosine: [real(start), real(stop), epochs] };
    }
    return real(value);
}

const canonical_choice = (x) => (typeof x === "number" ? real(x) : x);

// [kind, arguments] of a parameter, in canonical types and with the default of step.
function distribution(parameter) {
    const [kind, given] = Object.entries(parameter).find(([name]) => name !== "when");
    const found = kind === "integers" ? { step: 1n } : {};
    for (const [name, value] of Object.entries(given)) {
        if (value === null || (name === "shape" && value.length === 0)) continue;
        found[name] = canonical_argument(kind, name, value);
    }
    return [kind, found];
}

function text_of_double(x) {
    if (x < 0) return `-${text_of_double(-x)}`;
    if (x === 0) return "0.0";
    const [digits, place] = shortest(x);
    if (place >= -4 && place < 16) {
        if (place < 0) return `0.${"0".repeat(-place - 1)}${digits}`;
        const padded = digits.padEnd(place + 1, "0");
        return `${padded.slice(0, place + 1)}.${padded.slice(place + 1) || "0"}`;
    }
    const point = digits.length > 1 ? "." : "";
    const exponent = String(Math.abs(place)).padStart(2, "0");
    return `${digits[0]}${point}${digits.slice(1)}e${place < 0 ? "-" : "+"}${exponent}`;
}

const SHORT = { '"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r" };
SHORT["\t"] = "\\t";

function text_of_string(s) {
    const escaped = s.replace(
        /["\\]|[^ -~]/g, // without the flag u: units of UTF-16
        (unit) => SHORT[unit] ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
    return `"${escaped}"`;
}

function json(value) {
    if (typeof value === "number") return text_of_double(value);
    if (typeof value === "string") return text_of_string(value);
    if (Array.isArray(value)) return `[${value.map(json).join(",")}]`;
    if (typeof value !== "object") return String(value); // integers, booleans
    const names = Object.keys(value).sort(); // all ASCII
    return `{${names.map((name) => `${text_of_string(name)}:${json(value[name])}`).join(",")}}`;
}

function canonical({ depth, sampler, parameters }) {
    const found = {};
    for (const [name, parameter] of Object.entries(parameters)) {
        const [kind, given] = distribution(parameter);
        found[name] = { [kind]: given };
        const conditions = Object.entries(parameter.when ?? {});
        if (conditions.length > 0)
            found[name].when = Object.fromEntries(
                conditions.map(([gate, value]) => [gate, canonical_choice(value)]),
            );
    }
    return json({ space: "dpa-space-1", depth, sampler, parameters: found });
}

// ---- Sections 4, 16, 17, 19: a sample of a space, its order, its leaf ----

function uniform_number(digest, number) {
    const mask = (1n << 64n) - 1n;
    const rotl = (x, n) => ((x << n) | (x >> (64n - n))) & mask;
    let [s0, s1, s2, s3] = [0, 8, 16, 24].map((from) => digest.readBigUInt64BE(from));
    for (let i = 0n; ; i++) {
        const r = (rotl((s0 + s3) & mask, 23n) + s0) & mask;
        if (i === number) return uc(r);
        const t = (s1 << 17n) & mask;
        s2 ^= s0;
        s3 ^= s1;
        s1 ^= s2;
        s0 ^= s3;
        s2 ^= t;
        s3 = rotl(s3, 45n);
    }
}

function order_of(parameters) {
    const draw = (name) => parameters[name].uniform?.draw ?? 256n; // draws are 0 to 255
    const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
    return Object.keys(parameters).sort((a, b) => compare(draw(a), draw(b)) || compare(a, b));
}

function value_of(name, parameter, digest, sampler, epoch) {
    const [kind, { draw, shape, ...given }] = distribution(parameter);
    for (const [argument, value] of Object.entries(given)) {
        if (value.linear) given[argument] = linear(value.linear, epoch);
        if (value.cosine) given[argument] = cosine(...value.cosine, epoch);
    }
    if (draw !== undefined) {
        if (sampler !== "xoshiro256++") throw new Error(`no ${sampler} here`);
        return given.low + (given.high - given.low) * uniform_number(digest, draw);
    }
    const w = words(digest, name);
    if (!shape) return KINDS[kind](w, given);
    const items = shape.reduce((a, b) => a * b);
    return Array.from({ length: Number(items) }, () => KINDS[kind](w, given));
}

function sample({ depth, sampler, parameters }, key, epoch) {
    const digest = hash_of(key, depth);
    const values = {};
    for (const name of order_of(parameters))
        values[name] = value_of(name, parameters[name], digest, sampler, epoch);
    const is = (gate, wanted) => active(gate) && shown(parameters[gate], values[gate]) === wanted;
    const active = (name) =>
        Object.entries(parameters[name].when ?? {}).every(([gate, wanted]) => is(gate, wanted));
    return { digest, values, active };
}

// A value with choices in place of codes.
function shown(parameter, value) {
    const choices = (parameter.choice ?? parameter.subset)?.choices;
    if (!choices) return value;
    return Array.isArray(value) ? value.map((x) => shown(parameter, x)) : choices[value];
}

const FORMS = {
    integers: (x) => bytes(8, (b) => b.writeBigInt64LE(x)),
    seed: (x) => bytes(8, (b) => b.writeBigUInt64LE(x)),
    bernoulli: (x) => Buffer.of(x ? 1 : 0),
    choice: (x) => bytes(4, (b) => b.writeUInt32LE(x)),
    subset: (x) => bytes(4, (b) => b.writeUInt32LE(x)),
};
const form_of_double = (x) => bytes(8, (b) => b.writeDoubleLE(x));

function leaf(space, key, epoch) {
    const { digest, values } = sample(space, key, epoch);
    const text = Buffer.from(key);
    const parts = [bytes(4, (b) => b.writeUInt32LE(text.length)), text, digest];
    for (const [name, value] of Object.entries(values)) {
        const [kind] = distribution(space.parameters[name]);
        for (const x of [value].flat(Infinity)) parts.push((FORMS[kind] ?? form_of_double)(x));
    }
    return sha256(...parts).toString("hex");
}

// ---- The comparison ----

const path = process.argv[2];
const vectors = parse(path ? readFileSync(path, "utf8") : at_root("tests/vectors/space.json"));
const counts = {};
const print = (value) =>
    JSON.stringify(value, (_, x) => (typeof x === "bigint" ? `${x}` : Object.is(x, -0) ? "-0" : x));

function equal(a, b) {
    if (Array.isArray(a) && Array.isArray(b))
        return a.length === b.length && a.every((x, i) => equal(x, b[i]));
    return Object.is(a, b); // tells 1n from 1, and 0 from -0
}

function compare(part, what, found, expected) {
    if (!equal(found, expected)) {
        console.error(`${part}: ${print(what)}\n    gives    ${print(found)}`);
        console.error(`    expected ${print(expected)} (${path ?? "tests/vectors/space.json"})`);
        process.exit(1);
    }
    counts[part] = (counts[part] ?? 0) + 1;
}

// A value from words, by a distribution as the vectors write it.
function drawn({ kind, arguments: given }, w) {
    const [, found] = distribution({ [kind]: given });
    return shown({ [kind]: given }, KINDS[kind](w, found));
}

for (const [where, expected] of Object.entries(vectors.words)) {
    const [key, name] = where.split("|");
    const w = words(hash_of(key, 10n), name);
    const found = expected.map(() => w().toString(16).padStart(16, "0"));
    compare("words", where, found, expected);
}
for (const { value, ...entry } of vectors.values)
    compare("values", entry, drawn(entry, words(hash_of(entry.key, 10n), entry.name)), value);
for (const { value, ...entry } of vectors.word_edges) {
    let calls = 0; // the vectors give the second word other bits
    const w = () => entry.word ^ (calls++ === 1 ? 0x5555555555555555n : 0n);
    compare("word_edges", entry, drawn(entry, w), value);
}
for (const { code, ...entry } of vectors.choice_thresholds) {
    const found = choice(entry.word, entry.weights, entry.weights.map(real));
    compare("choice_thresholds", entry, BigInt(found), code);
}
for (const { x, ...expected } of vectors.functions) {
    const at_x = { L: L(x), E: E(Math.min(x, 700)), S: S(Math.min(x, 1)), Z: null };
    if (x < 1) at_x.Z = Z(x);
    for (const name of "LESZ") compare("functions", `${name}(${x})`, at_x[name], expected[name]);
}
for (const { value, knots, epoch } of vectors.linear)
    compare("linear", { knots, epoch }, linear(knots, epoch), value);
for (const { value, start, stop, epochs, epoch } of vectors.cosine)
    compare("cosine", { start, stop, epochs, epoch }, cosine(start, stop, epochs, epoch), value);

const { example, samples, ...expected } = vectors.space;
compare("space", "canonical form", canonical(example), expected.canonical);
compare("space", "of the canonical form", canonical(parse(canonical(example))), expected.canonical);
compare("space", "identity", sha256(canonical(example)).toString("hex"), expected.identity);
compare("space", "order", order_of(example.parameters), expected.order);
for (const [where, { values, active, leaf: sum }] of Object.entries(samples)) {
    const [key, epoch] = where.split(" epoch ");
    const found = sample(example, key, BigInt(epoch));
    for (const name of Object.keys(values)) {
        const shown_value = shown(example.parameters[name], found.values[name]);
        compare("samples", [where, name], shown_value, values[name]);
        compare("active", [where, name], found.active(name), active[name]);
    }
    compare("leaves", where, leaf(example, key, BigInt(epoch)), sum);
}

const total = Object.values(counts).reduce((a, b) => a + b);
const list = Object.entries(counts).map(([part, count]) => `${count} ${part}`);
console.log(`${total} answers computed from docs/spec.md, all equal: ${list.join(", ")}`);
