// Talks to the review's own server with the secret of the address, which stays in this tab.

const KEPT = "fastperturb-review";

/** The secret: from the address, which then no longer shows it, or from this tab's memory after a reload. */
function secretOf() {
	const given = location.hash.slice(1);
	if (/^[A-Za-z0-9_-]{20,}$/.test(given)) {
		sessionStorage.setItem(KEPT, given);
		history.replaceState(null, "", location.pathname);
	}
	return sessionStorage.getItem(KEPT) ?? "";
}

const secret = secretOf();

/** An answer that is no success; `name` is the problem's, `item` the picture as it is where another window changed it. */
export class Trouble extends Error {
	constructor(status, told) {
		super(told.detail ? `${told.title}: ${told.detail}` : told.title ?? `The review answered ${status}`);
		Object.assign(this, { status, name: told.type?.split(":").pop() ?? "", item: told.item });
	}
}

/** Sends a request; gives its answer, or throws Trouble. */
export async function send(path, { method = "GET", json, signal } = {}) {
	const headers = { Authorization: `Bearer ${secret}` };
	if (json !== undefined) headers["Content-Type"] = "application/json";
	const body = json === undefined ? undefined : JSON.stringify(json);
	let response;
	try {
		response = await fetch(path, { method, headers, body, signal, cache: "no-store" });
	} catch (error) {
		if (error.name === "AbortError") throw error;
		throw new Trouble(0, { title: "The review has ended, or its command was stopped", detail: "start it again" });
	}
	if (response.ok) return response;
	let told = {};
	try {
		told = await response.json();
	} catch { /* nothing to tell */ }
	throw new Trouble(response.status, told);
}

export const getJson = async (path) => (await send(path)).json();

/** The address of an image in this page's memory. Who asked lets go of it with URL.revokeObjectURL. */
export async function imageUrl(number, side, part, signal) {
	const place = part ? `&part=${part.join(",")}` : "";
	return urlOf(`api/pictures/${number}/image?side=${side}${place}`, signal);
}

/** The same of a frame of a video, or of what is around one of its tracks there. */
export async function frameUrl(number, frame, side, track) {
	const around = track === undefined ? "" : `&track=${track}`;
	return urlOf(`api/videos/${number}/frames/${frame}/image?side=${side}${around}`);
}

async function urlOf(path, signal) {
	const response = await send(path, { signal });
	return URL.createObjectURL(await response.blob());
}
