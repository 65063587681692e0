// Loading with progress: Content-Length counts compressed bytes, so the server
// says the raw length in a header of its own.

export async function fetchBytes(url, progress = () => {}) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: the server answers ${answer.status}`);
  const total = Number(answer.headers.get('X-Raw-Length') || answer.headers.get('Content-Length') || 0);
  const parts = [];
  let done = 0;
  const reader = answer.body.getReader();
  for (;;) {
    const { value, done: end } = await reader.read();
    if (end) break;
    parts.push(value);
    done += value.length;
    if (total) progress(Math.min(done / total, 1));
  }
  const bytes = new Uint8Array(done);
  let at = 0;
  for (const p of parts) { bytes.set(p, at); at += p.length; }
  return bytes;
}

// Largest side of a photo that is edited at full resolution; larger ones are
// reduced, so that a phone's memory lasts.
const maxSide = 6000;
const maxFile = 60e6;

// pixelsOf decodes any picture the browser knows, upright.
export async function pixelsOf(blob) {
  if (blob.size > maxFile) throw new Error('This file is too large: at most 60 MB can be opened.');
  let bitmap;
  try {
    bitmap = await createImageBitmap(blob, { imageOrientation: 'from-image' });
  } catch {
    throw new Error('This file is not a picture that the browser can open.');
  }
  const scale = Math.min(1, maxSide / Math.max(bitmap.width, bitmap.height));
  const width = Math.max(1, Math.round(bitmap.width * scale));
  const height = Math.max(1, Math.round(bitmap.height * scale));
  const canvas = new OffscreenCanvas(width, height);
  const draw = canvas.getContext('2d', { willReadFrequently: true });
  draw.fillStyle = '#fff';
  draw.fillRect(0, 0, width, height);
  draw.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  return { width, height, rgba: new Uint8Array(draw.getImageData(0, 0, width, height).data.buffer) };
}
