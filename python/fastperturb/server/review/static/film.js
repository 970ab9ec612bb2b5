// One video: a slider through its frames, its tracks with pictures of four of their frames, and what is changed of them.
// The editor shows the boxes of one frame; what a person changes there becomes changes of tracks, saved one after the other.

import { frameUrl, getJson, send } from "./talk.js";
import { by, calm, make } from "./ui.js";

const SIDE = 1280;
const SMALL = 1280; // of the frame that a small picture is cut from
const NAMES = ["first", "middle", "last", "least sure"];

/** Seconds as minutes and seconds: 1:02.50. */
export function clock(seconds) {
	const hundredths = Math.max(0, Math.round(seconds * 100));
	return `${Math.floor(hundredths / 6000)}:${String(Math.floor((hundredths % 6000) / 100)).padStart(2, "0")}.${String(hundredths % 100).padStart(2, "0")}`;
}

/** Shows videos in the editor. `told(error)` is called with what went wrong, `taken(data)` with the server's answers. */
export class Film {
	constructor(editor, lens, told, taken) {
		Object.assign(this, { editor, lens, told, taken, item: null, frame: 0, base: new Map(), current: null });
		Object.assign(this, { asked: null, url: "", timer: 0, saves: Promise.resolve(), pending: false, small: new Map(), sending: 0 });
		by("frame").addEventListener("input", () => this.goSoon(+by("frame").value));
		for (const button of by("film").querySelectorAll("[data-step]")) {
			button.addEventListener("click", () => this.step(+button.dataset.step));
		}
		by("stage").addEventListener("focusin", () => this.on && this.mark(editor.items[editor.current]?.track));
		this.seen = new IntersectionObserver((entries) => {
			for (const { isIntersecting, target } of entries) if (isIntersecting) this.#load(target);
		}, { rootMargin: "100px" });
	}

	get on() {
		return this.item !== null;
	}

	/** Shows a video: the frame that was shown, else the one in which its least sure track is least sure. */
	async begin(item) {
		const again = this.item?.id === item.id;
		if (!again) {
			this.#forget();
			this.editor.begin({ ...item, boxes: [], state: "waiting" }); // nothing of what was shown before goes into it
		}
		this.item = item;
		by("film").hidden = by("tracks").hidden = false;
		by("boxes").hidden = true;
		by("frame").max = Math.max(item.frames - 1, 0);
		this.editor.undoable = () => Boolean(this.item?.undo);
		if (!again) this.current = item.tracks[0]?.id ?? null;
		this.#list();
		await this.go(again ? this.frame : item.tracks[0]?.show[3] ?? 0);
	}

	/** Gives the page back to pictures. */
	end() {
		if (!this.on) return;
		this.#forget();
		this.item = null;
		by("film").hidden = by("tracks").hidden = true;
		by("boxes").hidden = false;
		this.editor.undoable = () => this.editor.before.length > 0;
	}

	#forget() {
		for (const url of this.small.values()) URL.revokeObjectURL(url);
		this.small.clear();
		if (this.url) URL.revokeObjectURL(this.url);
		Object.assign(this, { url: "", frame: -1, asked: null, base: new Map() });
	}

	/** What becomes of the video, in words. */
	get words() {
		const spared = this.item.tracks.filter((track) => track.spared).length;
		const hide = this.item.tracks.length - spared;
		const faces = (count) => `${count} ${count === 1 ? "face" : "faces"}`;
		return (hide ? `${faces(hide)} will be hidden` : "Nothing will be hidden") + (spared ? `, ${faces(spared)} left as ${spared === 1 ? "it is" : "they are"}` : "");
	}

	step(by_) {
		if (this.on) this.go(this.frame + by_).catch(this.told);
	}

	goSoon(frame) {
		clearTimeout(this.moving);
		this.moving = setTimeout(() => this.go(frame).catch(this.told), 60);
	}

	/** Shows a frame, unless another one is asked for before it has come. */
	async go(frame) {
		const to = Math.min(Math.max(frame, 0), Math.max(this.item.frames - 1, 0));
		const mine = this.asked = {};
		by("frame").value = to;
		by("frame-text").textContent = `Frame ${to + 1} of ${this.item.frames}`;
		const id = this.item.id;
		let [at, url] = [null, to === this.frame && this.url];
		do { // what is changed while the frame comes belongs to the one that is shown
			await this.editor.held;
			await this.flush();
			at = await getJson(`api/videos/${id}/frames/${to}`);
			url ||= await frameUrl(id, to, SIDE);
		} while ((this.pending || this.editor.held) && this.asked === mine);
		if (this.asked !== mine) {
			if (url !== this.url) URL.revokeObjectURL(url);
			return;
		}
		const fresh = !this.url;
		this.#picture(url, fresh);
		this.frame = to;
		by("frame-text").textContent = `Frame ${to + 1} of ${this.item.frames}, ${clock(at.seconds)}`;
		by("frame").setAttribute("aria-valuetext", by("frame-text").textContent);
		this.#boxes(at.boxes);
	}

	#picture(url, fresh) {
		if (url === this.url) return;
		const old = this.url;
		this.url = url;
		by("whole").hidden = by("stage").hidden = false;
		if (fresh) this.lens.begin(this.item.id, { width: this.item.width, height: this.item.height }, url, false);
		else by("whole").src = url;
		by("whole").alt = `Frame of ${this.item.name}`;
		if (old) URL.revokeObjectURL(old);
	}

	#boxes(boxes) {
		const there = by("stage").contains(document.activeElement) && document.activeElement.className === "box";
		this.base = new Map(boxes.map((box) => [box.track, box]));
		this.editor.begin({ width: this.item.width, height: this.item.height, boxes, state: this.item.state });
		if (there && !this.editor.focusTrack(this.current)) by("viewport").focus({ preventScroll: true });
		this.mark(this.current);
	}

	/** A person changed a box of the frame. */
	changed() {
		this.pending = true;
		clearTimeout(this.timer);
		this.timer = setTimeout(() => this.flush().catch(this.told), 300);
	}

	/** Saves what was changed in the frame. */
	flush() {
		clearTimeout(this.timer);
		if (!this.pending) return this.saves;
		this.pending = false;
		return this.#send(() => ({ changes: this.#changes() }), false, true);
	}

	/** What the boxes of the frame say of tracks, against what the server told. */
	#changes() {
		const changes = [];
		this.sent = this.editor.items.map((item) => ({ item, copy: { ...item } }));
		const left = new Map(this.base);
		for (const item of this.editor.items) {
			const box = [item.x, item.y, item.width, item.height];
			const old = left.get(item.track);
			left.delete(item.track);
			if (!old) {
				changes.push({ do: "add", frame: this.frame, box });
				continue;
			}
			if (box.join() !== [old.x, old.y, old.width, old.height].join()) changes.push({ do: "place", track: old.track, frame: this.frame, box });
			if (item.kind !== old.kind) changes.push({ do: "spare", track: old.track, spared: item.kind === "spared" });
		}
		return [...changes, ...[...left.keys()].map((track) => ({ do: "delete", track }))];
	}

	/** Sends one change after the other, for each needs the revision that the last one gave. */
	#send(what, done = false, ofFrame = false) {
		this.saves = this.saves.catch(() => {}).then(async () => {
			if (!this.item) return;
			const { id } = this.item;
			const wanted = { revision: this.item.revision, done, ...what() };
			let data;
			this.sending += 1;
			try {
				data = await (await send(`api/videos/${id}`, { method: "POST", json: wanted })).json();
			} finally {
				this.sending -= 1;
			}
			if (this.item?.id === id) this.#take(data, ofFrame);
			this.taken(data);
		});
		return this.saves;
	}

	#take({ item, added }, ofFrame) {
		this.item = item;
		if (ofFrame) this.#known(added);
		this.#list();
	}

	/** The boxes that were sent are what the server knows now. */
	#known(added) {
		const fresh = this.sent.filter(({ copy }) => copy.track === undefined);
		added.forEach((track, index) => { fresh[index].item.track = fresh[index].copy.track = track; });
		this.base = new Map(this.sent.map(({ copy }) => [copy.track, copy]));
		if (added.length) this.current = added.at(-1);
	}

	/** Sends changes of tracks that are no boxes of this frame, and shows the frame anew. */
	async #do(...changes) {
		await this.flush();
		await this.#send(() => ({ changes }));
		await this.go(this.frame);
	}

	async undo() {
		await this.flush();
		await this.#send(() => ({ undo: true }));
		await this.go(this.frame);
	}

	async finish() {
		await this.flush();
		await this.#send(() => ({ changes: [] }), true);
	}

	get #track() {
		return this.item.tracks.find(({ id }) => id === this.current);
	}

	/** The chosen track begins, or ends, in the frame that is shown: it is made longer or shorter. */
	async span(side) {
		const track = this.#track;
		if (!track) return;
		const { first, last } = side === "first" ? { first: this.frame, last: track.last } : { first: track.first, last: this.frame };
		calm();
		await this.#do({ do: "span", track: track.id, first, last });
		this.editor.focusTrack(track.id);
	}

	async spare(track = this.#track) {
		if (track) await this.#do({ do: "spare", track: track.id, spared: !track.spared });
	}

	async remove(track = this.#track) {
		if (track) await this.#do({ do: "delete", track: track.id });
	}

	mark(track) {
		if (track !== undefined) this.current = track;
		for (const row of by("tracks").children) row.toggleAttribute("data-current", +row.dataset.track === this.current);
		const chosen = this.#track;
		by("begins").disabled = by("ends").disabled = !chosen || this.editor.locked;
		by("chosen").textContent = chosen ? `Face ${chosen.id}: ${this.#when(chosen)}` : "No face chosen";
	}

	#when({ from, to, first, last }) {
		return `${clock(from)} to ${clock(to)}, frames ${first + 1} to ${last + 1}`;
	}

	#list() {
		const focused = document.activeElement?.closest?.("#tracks button")?.dataset.name;
		by("tracks").replaceChildren(...this.item.tracks.map((track) => this.#row(track)));
		if (focused) by("tracks").querySelector(`[data-name="${focused}"]`)?.focus({ preventScroll: true });
		const keys = new Set([...by("tracks").querySelectorAll("img")].map((image) => image.dataset.key));
		for (const [key, url] of this.small) {
			if (keys.has(key)) continue;
			URL.revokeObjectURL(url);
			this.small.delete(key);
		}
		this.mark(this.current);
	}

	#row(track) {
		const sure = track.drawn ? `drawn in ${track.drawn}` : `seen in ${track.seen} of ${track.last - track.first + 1} frames, mean score ${(1 - track.doubt).toFixed(2)}`;
		const button = (name, text, act) => {
			const made = make("button", { type: "button", textContent: text, ariaLabel: `${text}, face ${track.id}`, onclick: () => { this.mark(track.id); Promise.resolve(act()).catch(this.told); } });
			made.dataset.name = `${name}-${track.id}`;
			made.disabled = this.item.state === "waiting" || this.item.state === "broken";
			return made;
		};
		const pictures = track.show.map((frame, index) => {
			const image = make("img", { alt: "" });
			Object.assign(image.dataset, { frame, track: track.id, key: [track.id, frame, track.version].join() });
			this.seen.observe(image);
			const show = button(`show${index}`, NAMES[index], () => this.go(frame).then(() => this.editor.focusTrack(track.id)));
			show.prepend(image);
			return show;
		});
		const row = make("li", {},
			make("p", {}, make("strong", {}, `Face ${track.id}${track.spared ? ", left as it is" : ""}`), ` ${this.#when(track)}; ${sure}`),
			make("div", { className: "pictures" }, ...pictures),
			make("div", { className: "row" },
				button("spare", track.spared ? "Hide this face" : "Leave this face", () => this.spare(this.item.tracks.find(({ id }) => id === track.id))),
				button("remove", "Delete track", () => this.remove(track))));
		row.dataset.track = track.id;
		row.dataset.spared = track.spared;
		return row;
	}

	async #load(image) {
		const { frame, track, key } = image.dataset;
		if (image.src || !image.isConnected) return;
		try {
			if (!this.small.has(key)) this.small.set(key, await frameUrl(this.item.id, frame, SMALL, track));
			image.src = this.small.get(key);
		} catch { /* the track was changed meanwhile, and has other pictures */ }
	}
}
