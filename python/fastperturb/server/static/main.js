// Puts the page together: what the service says of itself, the two halves, the token, and pictures that are dropped.

import { send, setToken } from "./api.js";
import { Protect } from "./protect.js";
import { Restore } from "./restore.js";
import { by, calm, complain } from "./ui.js";

const ask = { askForToken, restore: restoreInstead };
const protect = new Protect(ask);
const restore = new Restore(ask);
let retry = null; // what to do again once there is a token

async function begin() {
	try {
		const info = await (await send("v1/info")).json();
		calm();
		protect.setUp(info);
		restore.setUp(info);
		by("version").textContent = `fastperturb ${info.version}.`;
		by("token-form").hidden = !(info.needs_token || info.restores);
		by("token-help").textContent = info.needs_token
			? "This service asks for a token; its operator has one for you."
			: "A token is needed only to restore with the service's keys.";
	} catch (error) {
		complain(error.title ?? error.message, error.help, ["Try again", begin]);
	}
}

function askForToken(error, again) {
	retry = again;
	by("token-form").hidden = false;
	complain(error.title, error.help);
	by("token").focus();
}

function restoreInstead(file) {
	calm();
	location.hash = "#restore";
	restore.load([file]);
}

function showHalf(moved) {
	const name = location.hash === "#restore" ? "restore" : "protect";
	for (const half of ["protect", "restore"]) by(half).hidden = half !== name;
	for (const link of document.querySelectorAll("nav a")) {
		if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
		else link.removeAttribute("aria-current");
	}
	document.title = `fastperturb: ${name === "restore" ? "restore a picture" : "hide faces"}`;
	if (!moved) return;
	calm();
	by(`${name}-title`).focus({ preventScroll: true });
}

function take(list) {
	const files = [...list];
	if (!files.length) return;
	if (location.hash === "#restore") {
		restore.load(files);
		return;
	}
	protect.load(files);
}

by("host").textContent = location.host;
by("file").addEventListener("change", ({ target }) => {
	const files = [...target.files];
	target.value = ""; // so that the same file can be chosen again
	take(files);
});
by("token-form").addEventListener("submit", (event) => {
	event.preventDefault();
	setToken(by("token").value.trim());
	by("token-forget").hidden = false;
	calm();
	retry?.();
	retry = null;
});
by("token-forget").addEventListener("click", () => {
	setToken("");
	by("token").value = "";
	by("token-forget").hidden = true;
	by("token").focus();
});
for (const name of ["dragenter", "dragover"]) {
	window.addEventListener(name, (event) => {
		if (!event.dataTransfer?.types.includes("Files")) return;
		event.preventDefault();
		document.body.classList.add("dropping");
	});
}
window.addEventListener("dragleave", (event) => event.relatedTarget || document.body.classList.remove("dropping"));
window.addEventListener("drop", (event) => {
	if (!event.dataTransfer?.types.includes("Files") || event.target.type === "file") return;
	event.preventDefault();
	document.body.classList.remove("dropping");
	take(event.dataTransfer.files);
});
window.addEventListener("paste", (event) => {
	if (event.clipboardData?.files.length) take(event.clipboardData.files);
});
window.addEventListener("pageshow", ({ persisted }) => {
	if (persisted) location.reload(); // the browser kept the page that was left, with its keys and pictures: begin anew
});
window.addEventListener("hashchange", () => {
	if (["", "#protect", "#restore"].includes(location.hash)) showHalf(true);
});
showHalf(false);
begin();
