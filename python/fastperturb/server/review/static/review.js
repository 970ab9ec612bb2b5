// Puts the review together: which picture is shown, when its boxes are saved, progress, keys.

import { Editor } from "./editor.js";
import { Film } from "./film.js";
import { Lens } from "./lens.js";
import { Line } from "./line.js";
import { getJson, imageUrl, send } from "./talk.js";
import { by, calm, complain } from "./ui.js";

const SIDE = 2048;
const lens = new Lens(() => editor?.placeTags());
const editor = new Editor(lens, () => saveSoon());
const film = new Film(editor, lens, told, (data) => {
	Object.assign(shown, { revision: data.item.revision, state: data.item.state, stale: data.item.stale });
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

function sum(data) {
	by("title").textContent = data.title;
	by("place").textContent = `Boxes are kept in ${data.place}.`;
	const readable = data.total - data.broken;
	by("progress").max = Math.max(readable, 1);
	by("progress").value = data.done;
	const rest = [data.waiting && `${data.waiting} not looked at yet`, data.broken && `${data.broken} cannot be read`];
	by("progress-text").textContent = [`${data.done} of ${readable} reviewed`, ...rest.filter(Boolean)].join(", ");
	const { state, message, conflict } = data.saving;
	by("saving").dataset.state = state;
	by("saving").textContent = { saved: "Saved", unsaved: "Not saved yet", failed: "Not saved" }[state];
	if (state !== "failed") return;
	const again = (overwrite) => () => {
		calm();
		send("api/save", { method: "POST", json: { overwrite } }).then((answer) => answer.json()).then(sum).catch(told);
	};
	const actions = [["Try again", again(false)], ...(conflict ? [["Write mine over it", again(true)]] : [])];
	complain("The boxes are not saved", `${message}. They stay in the memory of the command until they are.`, ...actions);
}

async function poll() {
	let pause = 2000;
	try {
		const data = await getJson(`api/review?since=${revision}`);
		line.take(data.items);
		revision = data.revision;
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

/** Shows a picture, unless another one is asked for before it has come. */
async function choose(id) {
	const mine = asked = {};
	try {
		await flush();
		calm();
		const video = line.items.get(id)?.kind === "video";
		const item = await getJson(`api/${video ? "videos" : "pictures"}/${id}`);
		if (asked !== mine) return;
		await show(item);
		by("viewport").focus({ preventScroll: true });
		lookAhead();
	} finally {
		if (asked === mine) asked = null;
	}
}

async function show(item) {
	const fresh = shown?.id !== item.id;
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
		url = "";
		by("part").hidden = true;
		if (item.state !== "broken" && item.width) {
			url = ahead?.id === item.id ? ahead.url : await imageUrl(item.id, SIDE);
			if (ahead?.id === item.id) ahead = null;
		}
		if (shown.id !== item.id) return;
		by("whole").hidden = by("stage").hidden = !url;
		if (url) lens.begin(item.id, { width: item.width, height: item.height }, url);
		by("whole").alt = `Photograph ${item.name}`;
		if (old) URL.revokeObjectURL(old);
	}
	editor.begin({ boxes: [], ...item });
	verdict();
	by("done").disabled = editor.locked;
}

/** What becomes of the picture, in words. */
function verdict() {
	if (film.on) {
		const state = { done: "Reviewed: " }[shown.state] ?? (shown.stale ? "Changed since, tracks made anew: " : "");
		by("verdict").textContent = `${state}${film.words}.`;
		return;
	}
	const [hide, spare, perhaps] = ["face", "spared", "perhaps"].map((kind) => editor.count(kind));
	const faces = (count) => `${count} ${count === 1 ? "face" : "faces"}`;
	if (shown.state === "broken") {
		by("verdict").textContent = `Cannot be read: ${shown.problem}. It will not be protected.`;
		return;
	}
	const parts = [hide ? `${faces(hide)} will be hidden` : "Nothing will be hidden"];
	if (spare) parts.push(`${faces(spare)} left as ${spare === 1 ? "it is" : "they are"}`);
	if (perhaps) parts.push(`${perhaps} perhaps: take or delete`);
	const state = { done: "Reviewed: ", waiting: "Not looked at yet: " }[shown.state] ?? (shown.stale ? "Changed since: " : "");
	by("verdict").textContent = `${state}${parts.join(", ")}.`;
}

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
		const { id, done } = pending;
		pending = null;
		if (id !== shown.id) return;
		const json = { revision: shown.revision, boxes: editor.plain, done };
		const answer = await send(`api/pictures/${id}`, { method: "PUT", json });
		const data = await answer.json();
		Object.assign(shown, { revision: data.item.revision, state: pending ? "open" : data.item.state, stale: data.item.stale });
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
	if (event.target.closest("input, select, textarea")) return;
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
