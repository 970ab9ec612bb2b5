// Puts the review together: which picture is shown, when its boxes are saved, progress, keys.

import { Editor } from "./editor.js";
import { Film } from "./film.js";
import { Lens } from "./lens.js";
import { Line } from "./line.js";
import { getJson, imageUrl, send } from "./talk.js";
import { by, calm, complain } from "./ui.js";
import { verdictOf } from "./verdict.js";

const SIDE = 2048;
const lens = new Lens(() => editor?.placeTags());
const editor = new Editor(lens, () => saveSoon());
const film = new Film(editor, lens, told, (data) => {
	if (shown.id === data.item.id) Object.assign(shown, { revision: data.item.revision, state: data.item.state, stale: data.item.stale });
	line.take([data.item]);
	verdict();
	sum(data);
});
const line = new Line((id) => choose(id).catch(told));
let revision = -1;
let shown = null; // the picture as the server last told it
let asked = null; // stands for the picture that was asked for last, until it has come
let url = "";
let ahead = null; // {id, url} of the next picture
let pending = null; // what is to be saved: {id, done}
let timer = 0;
let sending = 0; // changes that are on their way
let newest = -1; // revision of the newest answer: older ones that come later tell nothing
let made = 0; // changes so far
let failure = null; // the complaint that boxes are not saved: {text, node}
let saves = Promise.resolve();

function told(error) {
	if (error.name === "AbortError") return;
	if (error.name === "changed-meanwhile") {
		pending = null;
		complain(`Another window changed this ${error.item.kind ?? "picture"}`, "Your last change of it was not saved.", [
			"Show it as it is", () => { calm(); show(error.item).catch(told); },
		]);
		return;
	}
	complain(error.message);
}

/** Whether a change is not saved yet, of which the server may not know; and how many there were so far. */
const unsaved = () => Boolean(pending || sending || film.pending || film.sending);
const changes = () => made + film.made;

function sum(data) {
	if (data.revision < newest) return;
	newest = data.revision;
	by("title").textContent = data.title;
	by("place").textContent = `Boxes are kept in ${data.place}.`;
	const readable = data.total - data.broken;
	by("progress").max = Math.max(readable, 1);
	by("progress").value = data.done;
	const rest = [data.waiting && `${data.waiting} not looked at yet`, data.broken && `${data.broken} cannot be read`];
	by("progress-text").textContent = [`${data.done} of ${readable} reviewed`, ...rest.filter(Boolean)].join(", ");
	const { state, message, conflict } = data.saving;
	by("saving").dataset.state = state === "saved" && unsaved() ? "unsaved" : state;
	by("saving").textContent = { saved: "Saved", unsaved: "Not saved yet", failed: "Not saved" }[by("saving").dataset.state];
	if (state !== "failed") return;
	if (failure?.text === message && failure.node === by("error").firstChild) return; // its buttons stay where they are pressed
	const again = (overwrite) => () => {
		calm();
		send("api/save", { method: "POST", json: { overwrite } }).then((answer) => answer.json()).then(sum).catch(told);
	};
	const actions = [["Try again", again(false)], ...(conflict ? [["Write mine over it", again(true)]] : [])];
	complain("The boxes are not saved", `${message}. They stay in the memory of the command until they are.`, ...actions);
	failure = { text: message, node: by("error").firstChild };
}

async function poll() {
	let pause = 2000;
	try {
		const data = await getJson(`api/review?since=${revision}`);
		if (data.revision >= newest) {
			line.take(data.items);
			revision = data.revision;
		}
		line.refresh();
		sum(data);
		by("version").textContent = `fastperturb ${data.version}.`;
		if (data.waiting) pause = 700;
		if (shown?.state === "waiting" && !asked && line.items.get(shown.id).state !== "waiting") await choose(shown.id);
		if (!shown && !asked) {
			const first = line.nextOpen(null) ?? (data.waiting ? null : line.order[0] ?? null);
			if (first !== null) await choose(first);
		}
	} catch (error) {
		told(error);
		if (error.status === 401) return;
		pause = 5000;
	}
	setTimeout(poll, pause);
}

/** Shows a picture, unless another one is asked for before all of it has come; until then the one before can be mended. */
async function choose(id) {
	const mine = asked = {};
	try {
		calm();
		const video = line.items.get(id)?.kind === "video";
		let [item, copy, before] = [null, "", 0];
		do {
			await editor.held;
			await flush();
			before = changes();
			item = await getJson(`api/${video ? "videos" : "pictures"}/${id}`);
			copy ||= await copyOf(item);
		} while ((changes() !== before || unsaved() || editor.held) && asked === mine);
		if (asked !== mine) {
			if (copy && copy !== ahead?.url) URL.revokeObjectURL(copy);
			return;
		}
		await show(item, copy);
		by("viewport").focus({ preventScroll: true });
		lookAhead();
	} finally {
		if (asked === mine) asked = null;
	}
}

/** The address of a reduced copy of a picture that is not shown yet and can be read; else empty. */
async function copyOf({ id, kind, state, width }) {
	if (kind === "video" || state === "broken" || !width || (shown?.id === id && url)) return "";
	return ahead?.id === id ? ahead.url : imageUrl(id, SIDE);
}

async function show(item, copy = "") {
	const fresh = shown?.id !== item.id || copy;
	shown = item;
	line.mark(item.id);
	by("name").textContent = item.name;
	if (item.kind === "video" && item.state !== "broken" && item.frames) {
		await film.begin(item);
		verdict();
		by("done").disabled = editor.locked;
		return;
	}
	film.end();
	verdict();
	if (fresh) {
		const old = url;
		url = copy;
		if (copy && copy === ahead?.url) ahead = null;
		by("part").hidden = true;
		by("whole").hidden = by("stage").hidden = !url;
		if (url) lens.begin(item.id, { width: item.width, height: item.height }, url);
		by("whole").alt = `Photograph ${item.name}`;
		if (old) URL.revokeObjectURL(old);
	}
	editor.begin({ boxes: [], ...item });
	verdict();
	by("done").disabled = editor.locked;
}

const verdict = () => { by("verdict").textContent = verdictOf(shown, editor, film); };

function lookAhead() {
	const id = line.nextOpen(shown.id);
	if (id === null || ahead?.id === id || line.items.get(id).kind === "video") return;
	if (ahead) URL.revokeObjectURL(ahead.url);
	ahead = null;
	imageUrl(id, SIDE).then((found) => { ahead = { id, url: found }; }).catch(() => {});
}

function saveSoon() {
	if (film.on) {
		film.changed();
		by("saving").textContent = "Not saved yet";
		return;
	}
	pending = { id: shown.id, done: false };
	made += 1;
	shown.state = "open";
	verdict();
	by("saving").textContent = "Not saved yet";
	clearTimeout(timer);
	timer = setTimeout(() => flush().catch(told), 400);
}

/** Saves what is to be saved; one after the other, for each needs the revision that the last one gave. */
function flush() {
	if (film.on) return film.flush();
	clearTimeout(timer);
	saves = saves.catch(() => {}).then(async () => {
		if (!pending) return;
		const [item, change] = [shown, pending];
		pending = null;
		if (change.id !== item.id) return;
		const json = { revision: item.revision, boxes: editor.plain, done: change.done };
		let data;
		sending += 1;
		try {
			data = await (await send(`api/pictures/${item.id}`, { method: "PUT", json })).json();
		} catch (error) {
			if (error.status === 0) pending ??= change; // the next change, or another picture, tries again
			throw error;
		} finally {
			sending -= 1;
		}
		Object.assign(item, { revision: data.item.revision, state: pending ? "open" : data.item.state, stale: data.item.stale });
		line.take([data.item]);
		verdict();
		sum(data);
	});
	return saves;
}

async function finish() {
	if (!shown || editor.locked) return;
	if (film.on) {
		await film.finish();
	} else {
		pending = { id: shown.id, done: true };
		made += 1;
		await flush();
	}
	const next = line.nextOpen(shown.id);
	if (next !== null) await choose(next);
	else complain("No picture is left to review", "Broken ones are named in the queue. Ctrl-C in the terminal ends the review.");
}

async function go(steps) {
	const id = line.beside(steps);
	if (id !== null) await choose(id);
}

function adding() {
	const on = by("stage").classList.toggle("adding");
	by("add").setAttribute("aria-pressed", on);
}

const undo = () => (film.on ? film.undo().catch(told) : editor.undo());
const spare = () => (film.on && editor.current === null ? film.spare().catch(told) : editor.toggle());

const LETTERS = {
	n: () => editor.addInTheMiddle(),
	s: () => spare(),
	a: () => editor.takeAll(),
	f: () => editor.next(),
	"+": () => by("zoom-in").click(),
	"=": () => by("zoom-in").click(),
	"-": () => by("zoom-out").click(),
	0: () => lens.whole(),
	",": () => film.step(-1),
	".": () => film.step(1),
	"<": () => film.step(-10),
	">": () => film.step(10),
	"[": () => film.on && film.span("first").catch(told),
	"]": () => film.on && film.span("last").catch(told),
};

function key(event) {
	const field = event.target.closest("input, select, textarea");
	if (field && (field.type !== "range" || event.key.startsWith("Page"))) return; // a slider takes no letters
	if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") {
		event.preventDefault();
		undo();
		return;
	}
	if (event.ctrlKey || event.metaKey || event.altKey) return;
	if (event.key === "Enter" && !event.target.closest("button, a, summary")) {
		event.preventDefault();
		if (!event.repeat) finish().catch(told);
	} else if (event.key === "PageDown" || event.key === "PageUp") {
		event.preventDefault();
		go(event.key === "PageDown" ? 1 : -1).catch(told);
	} else if (by("letters").checked && LETTERS[event.key.toLowerCase()]) {
		event.preventDefault();
		LETTERS[event.key.toLowerCase()]();
	}
}

for (const [id, act] of Object.entries({
	done: () => finish().catch(told),
	next: () => go(1).catch(told),
	previous: () => go(-1).catch(told),
	spare: () => spare(),
	remove: () => editor.remove(),
	begins: () => film.span("first").catch(told),
	ends: () => film.span("last").catch(told),
	take: () => editor.takeAll(),
	undo: () => undo(),
	"zoom-face": () => editor.next(),
	add: ({ detail }) => (detail === 0 ? editor.addInTheMiddle() : adding()), // by the keyboard there is nothing to draw with
})) by(id).addEventListener("click", act);
document.addEventListener("keydown", key);
window.addEventListener("beforeunload", (event) => {
	if (pending || film.pending || by("saving").dataset.state === "failed") event.preventDefault();
});
poll();
