// The page's own API. Addresses are relative, so that the app may live under any prefix.

async function answer(response) {
  const body = await response.json();
  if (!response.ok) throw new Error(body.problem ?? response.statusText);
  return body;
}

export async function get(path, query = {}) {
  return answer(await fetch(`chat/${path}?${new URLSearchParams(query)}`));
}

export async function act(action, body) {
  const response = await fetch(`chat/${action}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return (await answer(response)).result;
}

export async function upload(query, file) {
  const response = await fetch(`chat/upload?${new URLSearchParams({ ...query, name: file.name })}`, {
    method: "POST",
    headers: { "content-type": "application/octet-stream" },
    body: file,
  });
  return (await answer(response)).result;
}

export const fileUrl = (fileId) => `chat/files/${encodeURIComponent(fileId)}`;

// `opened` is called whenever the stream is there, also after a break: what was missed must be
// fetched then.
export function watch(handle, opened) {
  const source = new EventSource("chat/events");
  source.onmessage = (event) => handle(JSON.parse(event.data));
  source.onopen = opened;
}
