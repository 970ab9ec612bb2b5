// A ZIP archive of files as they are (APPNOTE 6.3.10, method 0), for downloads of many pictures at once.

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
	let value = byte;
	for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
	return value;
});
const DATE = 33; // 1 January 1980: no time is told
const UTF8 = 0x0800;

function crc32(bytes) {
	let crc = ~0;
	for (const byte of bytes) crc = (crc >>> 8) ^ CRC_TABLE[(crc ^ byte) & 255];
	return ~crc >>> 0;
}

/** Numbers of 16 and 32 bits, little-endian: [[bytes, value], ...]. */
function packed(...fields) {
	const view = new DataView(new ArrayBuffer(fields.reduce((sum, [bytes]) => sum + bytes, 0)));
	let at = 0;
	for (const [bytes, value] of fields) {
		if (bytes === 2) view.setUint16(at, value, true);
		else view.setUint32(at, value, true);
		at += bytes;
	}
	return view.buffer;
}

/** Names that differ, also where letters' case does not count: the second a.png is a-2.png. */
export function namedApart(names) {
	const taken = new Set();
	return names.map((name) => {
		const [, first, ending] = name.match(/^(.*?)(\.[^.]*)?$/s);
		let free = name;
		for (let count = 2; taken.has(free.toLowerCase()); count += 1) free = `${first}-${count}${ending ?? ""}`;
		taken.add(free.toLowerCase());
		return free;
	});
}

/** The archive of files {name, blob}; their names differ. Throws RangeError above 4 GB or 65,535 files. */
export async function zip(files) {
	const pieces = [];
	const entries = [];
	let offset = 0;
	for (const { name, blob } of files) {
		const path = new TextEncoder().encode(name);
		const crc = crc32(new Uint8Array(await blob.arrayBuffer()));
		const about = [
			[2, 20], [2, UTF8], [2, 0], [2, 0], [2, DATE], [4, crc], [4, blob.size], [4, blob.size], [2, path.length], [2, 0],
		];
		pieces.push(packed([4, 0x04034b50], ...about), path, blob);
		entries.push(packed([4, 0x02014b50], [2, 20], ...about, [2, 0], [2, 0], [2, 0], [4, 0], [4, offset]), path);
		offset += 30 + path.length + blob.size;
	}
	const size = entries.reduce((sum, item) => sum + item.byteLength, 0);
	if (offset + size >= 2 ** 32 || files.length > 65_535) throw new RangeError("too large for one archive");
	const count = files.length;
	const end = packed([4, 0x06054b50], [2, 0], [2, 0], [2, count], [2, count], [4, size], [4, offset], [2, 0]);
	return new Blob([...pieces, ...entries, end], { type: "application/zip" });
}
