// Talks to the service: one function for all requests, the token, and errors in words that help.

let token = "";

/** Sets the bearer token; it is kept in this variable and nowhere else. */
export function setToken(text) {
	token = text;
}

/** An answer that is no success, or none at all: `name` is the problem's, `title` and `help` are for people. */
export class Trouble extends Error {
	constructor(name, title, help = "", seconds = 0) {
		super(title);
		Object.assign(this, { name, title, help, seconds });
	}
}

// Where the service's own title would not say what to do on this page; its detail follows in any case.
const WORDS = {
	"body-too-large": ["This file is too large", "Choose a smaller one."],
	"too-many-pixels": ["This picture has too many pixels", "Make it smaller first."],
	"unsupported-media": ["This is not a picture that the service can read", "PNG, JPEG, WebP, TIFF and BMP are."],
	"already-protected": ["This picture is protected already", ""],
	"unauthorised": ["The service asks for a token", "Enter one that is valid."],
	"no-face": ["No face was found", "Put a box over each face by hand."],
	"restore-off": ["The service does not restore with its own keys", ""],
	"unknown-key": ["The service does not have this picture's key", "Use your own key file, if you have one."],
	"no-record": ["There is no record inside this picture", "Choose the record's file too, if there is one."],
	"no-seals": ["The seal of this picture is needed", "Choose its file, which ends in .seal."],
	"bad-seals": ["This seal is of another picture", ""],
	"bad-key": ["This key cannot be read", "Take care that all of it is there."],
	"wrong-key": ["This key does not open this picture", "It was protected with another one."],
	"erased": ["There is no seal that could bring this face back", ""],
	"unknown-origin": ["Anyone can have made this record", "It was made for a public key, or its maker is not known."],
	"bad-recipients": ["These keys cannot be used here", ""],
	"too-busy": ["The service is busy", "Try again in a moment."],
};

// Problems whose detail speaks to programs, of parts and parameters: the words above say what to do here.
const FOR_PROGRAMS = new Set([
	"unauthorised", "no-face", "already-protected", "restore-off", "no-record", "no-seals", "bad-key", "wrong-key", "unknown-origin",
]);

const GATEWAYS = { 401: "unauthorised", 413: "body-too-large", 429: "too-busy" }; // what may answer in its place

async function troubleOf(response) {
	let told = {};
	try {
		told = await response.json();
	} catch { /* a gateway's own page */ }
	const name = told.type?.split(":").pop() ?? GATEWAYS[response.status];
	const [title, help] = WORDS[name] ?? [told.title ?? `The service answered ${response.status}`, ""];
	const detail = told.detail && !FOR_PROGRAMS.has(name) ? `${told.detail}.` : "";
	const seconds = Number(response.headers.get("Retry-After")) || 0;
	return new Trouble(name, title, [help, detail].filter(Boolean).join(" "), seconds);
}

/**
 * Sends a request, and gives its answer if that is a success.
 *
 * `path` is relative to the page, so that the service can stand under any prefix. Throws Trouble, or the AbortError of
 * `signal`.
 */
export async function send(path, { parts, params, accept, signal } = {}) {
	const headers = accept ? { Accept: accept } : {};
	if (token) headers.Authorization = `Bearer ${token}`;
	let body;
	if (parts) {
		body = new FormData();
		for (const [name, file] of Object.entries(parts)) if (file) body.append(name, file, file.name ?? name);
	}
	const address = params?.toString() ? `${path}?${params}` : path;
	let response;
	try {
		response = await fetch(address, { method: body ? "POST" : "GET", headers, body, signal, cache: "no-store" });
	} catch (error) {
		if (error.name === "AbortError") throw error;
		const why = navigator.onLine ? "It may be down, or the connection broke." : "This device is offline.";
		throw new Trouble("offline", "The service cannot be reached", why);
	}
	if (!response.ok) throw await troubleOf(response);
	return response;
}

/** As `send`, and again after a while where the service is busy; `waiting(seconds)` is told before each pause. */
export async function sendPatiently(path, options, waiting) {
	for (let tries = 0; ; tries += 1) {
		try {
			return await send(path, options);
		} catch (error) {
			if (error.name !== "too-busy" || tries === 5) throw error;
			const seconds = Math.min(Math.max(error.seconds, 1), 10);
			waiting(seconds);
			await new Promise((resume) => setTimeout(resume, seconds * 1000));
			options.signal.throwIfAborted();
		}
	}
}

/** The facts and files of an answer in parts. */
export async function partsOf(response) {
	const form = await response.formData();
	const { facts, ...files } = Object.fromEntries(form);
	return { facts: JSON.parse(facts), ...files };
}
