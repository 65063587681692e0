// A photo of several people: small pictures of their faces, of which one is
// the one to edit.

const side = 56;

// showFaces fills host with a button for each box [x, y, width, height] of
// photo; choose gets the number of the one that is pressed.
export async function showFaces(host, photo, boxes, choose) {
  host.replaceChildren();
  host.hidden = boxes.length < 2;
  if (host.hidden) return;
  const picture = new ImageData(new Uint8ClampedArray(photo.rgba.buffer), photo.width, photo.height);
  const small = await Promise.all(boxes.map(([x, y, w, h]) => createImageBitmap(picture, x, y, w, h, { resizeWidth: side, resizeHeight: side, resizeQuality: 'medium' })));
  small.forEach((bitmap, i) => {
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = side;
    canvas.getContext('2d').drawImage(bitmap, 0, 0);
    const b = document.createElement('button');
    b.type = 'button';
    b.className = 'face';
    b.setAttribute('aria-label', `Face ${i + 1} of ${boxes.length}`);
    b.append(canvas);
    b.addEventListener('click', () => choose(i));
    host.append(b);
  });
  markFace(host, 0);
}

// markFace shows which face is the one to edit.
export function markFace(host, chosen) {
  [...host.children].forEach((b, i) => b.setAttribute('aria-pressed', String(i === chosen)));
}
