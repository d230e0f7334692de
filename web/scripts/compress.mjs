// Puts .br and .gz in the place of the text files of a built screen, so the server never compresses them itself. The few
// clients that take neither get what the server unpacks, so that the program need not hold it a third time.
// Usage: node scripts/compress.mjs [dist]
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const TEXT = /\.(?:html|js|mjs|css|svg|json|txt|webmanifest|map)$/;
/** Below one network packet nothing is won. */
const BYTES_MIN = 860;
/** A sibling must be at least this much smaller, or it is not worth a header. */
const SAVING_MIN = 0.1;

const encoders = {
  br: (bytes) =>
    brotliCompressSync(bytes, {
      params: {
        [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
        [constants.BROTLI_PARAM_QUALITY]: 11,
        [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
      },
    }),
  gz: (bytes) => gzipSync(bytes, { level: 9 }),
};

const folder = process.argv[2] ?? "dist";
for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !TEXT.test(entry.name)) continue;
  const path = join(entry.parentPath, entry.name);
  const bytes = readFileSync(path);
  if (bytes.length <= BYTES_MIN) continue;
  const encoded = Object.entries(encoders).map(([suffix, encode]) => [suffix, encode(bytes)]);
  if (encoded.some(([, sibling]) => sibling.length > bytes.length * (1 - SAVING_MIN))) continue;
  for (const [suffix, sibling] of encoded) writeFileSync(`${path}.${suffix}`, sibling);
  rmSync(path);
}
