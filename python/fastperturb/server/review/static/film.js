// One video: a slider through its frames, and what is changed of its tracks.
// The editor shows the boxes of one frame; what a person changes there becomes changes of tracks, saved one after the other.

import { frameUrl, getJson, send } from "./talk.js";
import { TrackList, clock, when } from "./tracks.js";
import { by, calm } from "./ui.js";

const SIDE = 1280;

/** Shows videos in the editor. `told(error)` is called with what went wrong, `taken(data)` with the server's answers. */
export class Film {
	constructor(editor, lens, told, taken) {
		Object.assign(this, { editor, lens, told, taken, item: null, frame: 0, base: new Map(), current: null });
		Object.assign(this, { asked: null, url: "", timer: 0, saves: Promise.resolve(), pending: false, sending: 0, made: 0 });
		this.list = new TrackList({
			choose: (id) => this.#choose(id),
			show: (frame) => this.go(frame, true),
			spare: (id, spared) => this.spare(id, spared),
			remove: (id) => this.#do(() => [{ do: "delete", track: id }]),
		}, told);
		by("frame").addEventListener("input", () => this.goSoon(+by("frame").value));
		for (const button of by("film").querySelectorAll("[data-step]")) {
			button.addEventListener("click", () => this.step(+button.dataset.step));
		}
		by("stage").addEventListener("focusin", () => this.on && this.mark(editor.items[editor.current]?.track));
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
		this.list.show(item);
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
		this.list.forget();
		if (this.url) URL.revokeObjectURL(this.url);
		Object.assign(this, { url: "", frame: -1, asked: null, base: new Map() });
		by("stage").ariaBusy = "false";
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

	/** Shows a frame, and puts the keyboard at the chosen face if `focus`, unless another frame is asked for before. */
	async go(frame, focus = false) {
		const to = Math.min(Math.max(frame, 0), Math.max(this.item.frames - 1, 0));
		const mine = this.asked = { frame: to };
		by("frame").value = to;
		by("frame-text").textContent = `Frame ${to + 1} of ${this.item.frames}`;
		by("stage").ariaBusy = "true";
		try {
			const got = await this.#fetch(mine, this.item.id, to);
			if (this.asked === mine) this.#draw(to, got, focus);
			else if (got.url !== this.url) URL.revokeObjectURL(got.url);
		} finally {
			if (this.asked === mine) {
				this.asked = null;
				by("stage").ariaBusy = "false";
			}
		}
	}

	/** A frame and its boxes, asked for again if anything was changed meanwhile: that belongs to the frame that was shown. */
	async #fetch(mine, id, to) {
		let [at, url, made] = [null, to === this.frame && this.url, 0];
		do {
			await this.editor.held;
			await this.flush();
			({ made } = this);
			at = await getJson(`api/videos/${id}/frames/${to}`);
			url ||= await frameUrl(id, to, SIDE);
		} while ((made !== this.made || this.sending || this.editor.held) && this.asked === mine);
		return { at, url };
	}

	#draw(to, { at, url }, focus) {
		const fresh = !this.url;
		this.#picture(url, fresh);
		this.frame = to;
		by("frame-text").textContent = `Frame ${to + 1} of ${this.item.frames}, ${clock(at.seconds)}`;
		by("frame").setAttribute("aria-valuetext", by("frame-text").textContent);
		this.#boxes(at.boxes, focus);
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

	/** Shows boxes; the face that a person chose last stays the chosen one, wherever its box stands among them. */
	#boxes(boxes, focus) {
		const { current } = this;
		const there = document.activeElement.className === "box" && by("stage").contains(document.activeElement);
		this.base = new Map(boxes.map((box) => [box.track, box]));
		this.editor.begin({ width: this.item.width, height: this.item.height, boxes, state: this.item.state });
		const found = (there || focus) && this.editor.focusTrack(current);
		if (there && !found) by("viewport").focus({ preventScroll: true });
		this.mark(current);
	}

	/** A person changed a box of the frame. */
	changed() {
		this.pending = true;
		this.made += 1;
		clearTimeout(this.timer);
		this.timer = setTimeout(() => this.flush().catch(this.told), 300);
	}

	/** Saves what was changed in the frame. */
	flush() {
		clearTimeout(this.timer);
		if (!this.pending) return this.saves.catch(() => {}); // who sent it was told what went wrong
		this.pending = false;
		return this.#send(() => ({ changes: this.#changes() }), { ofFrame: true });
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

	/** Sends what `what()` gives then, one after the other, for each needs the revision that the last one gave. */
	#send(what, { done = false, ofFrame = false } = {}) {
		const { id } = this.item;
		this.sending += 1; // from now on, so that no other video is shown before
		this.made += 1;
		this.saves = this.saves.catch(() => {}).then(async () => {
			let data;
			try {
				const wanted = { revision: this.item.revision, done, ...what() };
				data = await (await send(`api/videos/${id}`, { method: "POST", json: wanted })).json();
			} catch (error) {
				if (ofFrame && error.status === 0) this.pending = true; // the next change, or another frame, tries again
				throw error;
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
		this.list.show(item);
		this.mark(this.current);
	}

	/** The boxes that were sent are what the server knows now. */
	#known(added) {
		const fresh = this.sent.filter(({ copy }) => copy.track === undefined);
		added.forEach((track, index) => { fresh[index].item.track = fresh[index].copy.track = track; });
		for (const { copy } of fresh) copy.kind = "face"; // as all are when they are added
		if (fresh.some(({ item }) => item.kind !== "face")) this.changed();
		this.base = new Map(this.sent.map(({ copy }) => [copy.track, copy]));
		if (added.length) this.editor.show(); // boxes are called by their tracks
		this.current = this.editor.items[this.editor.current]?.track ?? this.current;
	}

	/** Sends the changes of tracks that `changes()` gives when all before is sent, and shows the frame anew. */
	async #do(changes, focus = false) {
		const { id } = this.item;
		await this.#next(() => ({ changes: changes() }));
		await this.#again(id, focus);
	}

	/** Sends what `what()` gives when all before is sent; if that fails, nothing. */
	async #next(what, done = false) {
		this.sending += 1; // nothing is called saved before, and no other video is shown
		try {
			await this.flush();
		} finally {
			this.sending -= 1;
		}
		await this.#send(what, { done });
	}

	async #again(id, focus = false) {
		if (this.item?.id === id) await this.go(this.asked?.frame ?? this.frame, focus);
	}

	async undo() {
		const { id } = this.item;
		await this.#next(() => ({ undo: true }));
		await this.#again(id);
	}

	async finish() {
		await this.#next(() => ({ changes: [] }), true);
	}

	#track(id) {
		return this.item.tracks.find((track) => track.id === id);
	}

	/** What keys act on: the chosen box of the frame, which has no track until it is sent, else the chosen track. */
	get #chosen() {
		return this.editor.items[this.editor.current] ?? { track: this.current };
	}

	#choose(id) {
		this.editor.pick(id);
		this.mark(id);
	}

	/** The chosen track begins, or ends, in the frame that is shown: it is made longer or shorter. */
	async span(side) {
		const { frame } = this;
		const chosen = this.#chosen;
		if (chosen.track === null) return;
		calm();
		await this.#do(() => {
			const track = this.#track(chosen.track);
			if (!track) return [];
			const [first, last] = side === "first" ? [frame, track.last] : [track.first, frame];
			return [{ do: "span", track: track.id, first, last }];
		}, true);
	}

	/** Leaves a track as it is, or hides it again; without `spared` the other of what it is then. */
	async spare(id = this.current, spared = undefined) {
		if (id === null) return;
		await this.#do(() => {
			const track = this.#track(id);
			return track ? [{ do: "spare", track: id, spared: spared ?? !track.spared }] : [];
		});
	}

	mark(track) {
		if (track !== undefined) this.current = track;
		const fresh = this.editor.items[this.editor.current]?.track === undefined && this.editor.current !== null;
		const chosen = fresh ? undefined : this.#track(this.current);
		this.list.mark(chosen?.id);
		by("begins").disabled = by("ends").disabled = !(chosen || fresh) || this.editor.locked;
		by("chosen").textContent = chosen ? `Face ${chosen.id}: ${when(chosen)}` : fresh ? "New face" : "No face chosen";
	}
}
