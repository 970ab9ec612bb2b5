// Small things that both halves of the page use: elements, errors, pictures, files, numbers.

export const by = (id) => document.getElementById(id);

/** A new element with properties and children. */
export function make(tag, properties = {}, ...children) {
	const element = Object.assign(document.createElement(tag), properties);
	element.append(...children);
	return element;
}

/** Sets a text, unless it is there: WebKit forgets a press on a button whose text is set before it is let go. */
export function write(element, text) {
	if (element.textContent !== String(text)) element.textContent = text;
}

/** Shows what went wrong, with buttons for what can be done about it: [text, function] each. */
export function complain(title, help = "", ...actions) {
	const words = make("span", {}, make("strong", {}, `${title}.`), help && ` ${help}`);
	const buttons = actions.map(([text, act]) => make("button", { type: "button", textContent: text, onclick: act }));
	by("error").replaceChildren(words, ...(buttons.length ? [make("br"), ...buttons] : []));
	by("error").scrollIntoView({ block: "nearest" });
}

/** Takes the last complaint away. */
export function calm() {
	by("error").replaceChildren();
}

/** Shows a blob in an image, and lets go of the one before. */
export function showBlob(image, blob) {
	const old = image.src;
	image.hidden = !blob;
	if (blob) image.src = URL.createObjectURL(blob);
	else image.removeAttribute("src");
	if (old.startsWith("blob:")) URL.revokeObjectURL(old);
}

/** Hands a blob to the browser's downloads. */
export function save(blob, name) {
	const link = make("a", { href: URL.createObjectURL(blob), download: name });
	link.click();
	setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Hands several over, [name, blob] each, one after the other: WebKit takes the last alone of those that come at once. */
export async function saveAll(files) {
	for (const [name, blob] of files) {
		save(blob, name);
		await new Promise((done) => setTimeout(done, 250));
	}
}

/** The ending of a picture's file, by what the service sent: a JPEG stays one. */
export function ending(blob) {
	return blob?.type === "image/jpeg" ? ".jpg" : ".png";
}

/** A picture's format for requests: PNG, which every browser shows, but for JPEGs, which stay what they are. */
export function formatFor(file) {
	return file?.type === "image/jpeg" ? {} : { format: "png" };
}

/** A file's name without its ending. */
export function stem(name) {
	return name.replace(/\.[^.]*$/, "") || "picture";
}

const KINDS = {
	"key": /^fpkey1_[A-Za-z0-9_-]{43}$/,
	"face-key": /^fpface2_[A-Za-z0-9_-]{62}$/,
	"to": /^fppub2_[A-Za-z0-9_-]{1627}$/,
};

/** The kind of a key's text, by the name of its part, and the text as a blob; null if it is none. */
export function keyOf(text) {
	const kind = Object.keys(KINDS).find((name) => KINDS[name].test(text.trim()));
	return kind ? { kind, blob: new Blob([text.trim()]) } : null;
}

/** As `keyOf`, of a key's file. */
export async function readKey(file) {
	return file.size > 4096 ? null : keyOf(await file.text());
}

/** A new key as the text of its file: 32 bytes of the browser's cryptographic source. */
export function newKey() {
	const secret = String.fromCharCode(...crypto.getRandomValues(new Uint8Array(32)));
	return `fpkey1_${btoa(secret).replaceAll("+", "-").replaceAll("/", "_").replace("=", "")}\n`;
}

/** A whole number with separators, as the reader's language has them. */
export function whole(number) {
	return Math.round(number).toLocaleString();
}

/** Bytes for people. */
export function megabytes(bytes) {
	return `${(bytes / 2 ** 20).toFixed(bytes < 10 * 2 ** 20 ? 1 : 0)} MB`;
}

/** A number of faces. */
export function faceCount(number) {
	return `${number} ${number === 1 ? "face" : "faces"}`;
}
