/**
 * A picture as the browser takes it, in a third of the bytes, since these are kept in the repository. Surfaces and most of
 * the letters keep their colour; of the many shades at their edges the rare ones become their nearest neighbour.
 */
import { crc32, deflateSync, inflateSync } from "node:zlib";

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const INDEXED = 3;
const COLOURS_MAX = 256;
/** Further than black is from white. */
const FAR = 3 * 256 ** 2;

/** As it came, where it is packed already. */
export function packed(png: Buffer): Buffer {
  const chunks = chunksOf(png);
  const header = chunks.find(({ type }) => type === "IHDR")?.data ?? Buffer.alloc(13);
  const width = header.readUInt32BE(0);
  const height = header.readUInt32BE(4);
  const colourType = header.readUInt8(9);
  if (colourType === INDEXED) return png;
  const channels = colourType === 6 ? 4 : 3;
  const data = Buffer.concat(chunks.filter(({ type }) => type === "IDAT").map((part) => part.data));
  const pixels = unfiltered(inflateSync(data), width * channels, channels);
  const colours = Array.from({ length: width * height }, (_, at) => pixels.readUIntBE(at * channels, 3));
  const counts = new Map<number, number>();
  for (const colour of colours) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  const { palette, numbers } = numbered(counts);
  // Each line begins with the name of its filter: none.
  const lines = Buffer.alloc((width + 1) * height);
  for (const [at, colour] of colours.entries()) lines[at + Math.floor(at / width) + 1] = numbers.get(colour) ?? 0;
  const indexed = Buffer.from(header);
  indexed.writeUInt8(8, 8);
  indexed.writeUInt8(INDEXED, 9);
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", indexed),
    chunk("PLTE", Buffer.from(palette.flatMap(channelsOf))),
    chunk("IDAT", deflateSync(lines, { level: 9, memLevel: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** The colours to keep, and which of them each colour becomes: one after the other those that would be missed most. */
function numbered(counts: ReadonlyMap<number, number>): { readonly palette: number[]; readonly numbers: Map<number, number> } {
  const palette: number[] = [];
  const numbers = new Map<number, number>();
  const distances = new Map([...counts.keys()].map((colour) => [colour, FAR]));
  while (palette.length < Math.min(COLOURS_MAX, counts.size)) {
    const [missed] = [...counts].reduce((a, b) => (b[1] * (distances.get(b[0]) ?? 0) > a[1] * (distances.get(a[0]) ?? 0) ? b : a));
    for (const [colour, distance] of distances) {
      const nearer = distanceOf(colour, missed);
      if (nearer >= distance) continue;
      distances.set(colour, nearer);
      numbers.set(colour, palette.length);
    }
    palette.push(missed);
  }
  return { palette, numbers };
}

function distanceOf(one: number, other: number): number {
  const [red, green, blue] = channelsOf(one);
  const [otherRed, otherGreen, otherBlue] = channelsOf(other);
  return (red - otherRed) ** 2 + (green - otherGreen) ** 2 + (blue - otherBlue) ** 2;
}

function channelsOf(colour: number): [number, number, number] {
  return [colour >> 16, (colour >> 8) & 255, colour & 255];
}

function chunksOf(png: Buffer): { readonly type: string; readonly data: Buffer }[] {
  const chunks = [];
  for (let at = SIGNATURE.length; at < png.length; ) {
    const length = png.readUInt32BE(at);
    chunks.push({ type: png.toString("latin1", at + 4, at + 8), data: png.subarray(at + 8, at + 8 + length) });
    at += length + 12;
  }
  return chunks;
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(data.length, 0);
  ends.writeUInt32BE(crc32(named), 4);
  return Buffer.concat([ends.subarray(0, 4), named, ends.subarray(4)]);
}

/** PNG writes each byte as its difference to a neighbour, another one line by line. */
function unfiltered(lines: Buffer, stride: number, channels: number): Buffer {
  const pixels = Buffer.alloc((lines.length / (stride + 1)) * stride);
  for (let from = 0, at = 0; from < lines.length; from += 1) {
    const filter = lines[from];
    for (let x = 0; x < stride; x += 1, at += 1) {
      from += 1;
      const left = x < channels ? 0 : (pixels[at - channels] ?? 0);
      const above = pixels[at - stride] ?? 0;
      const corner = x < channels ? 0 : (pixels[at - stride - channels] ?? 0);
      const expected = [0, left, above, (left + above) >> 1, paeth(left, above, corner)][filter ?? 0] ?? 0;
      pixels[at] = (lines[from] ?? 0) + expected;
    }
  }
  return pixels;
}

function paeth(left: number, above: number, corner: number): number {
  const [toLeft, toAbove, toCorner] = [Math.abs(above - corner), Math.abs(left - corner), Math.abs(left + above - 2 * corner)];
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}
