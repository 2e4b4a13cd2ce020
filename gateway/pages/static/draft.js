// Keeps what is being written at the door as one types, and names the page by its draft, so that back and reload find it.
{
  const form = document.querySelector("form[data-draft]");
  const state = document.getElementById("draft-state");
  const DELAY_MS = 1500;
  const MAX_KEEPALIVE = 60_000; // so much a browser sends for a page that is being closed
  const NOT_KEPT = new Set(["file"]);
  let timer = 0;
  let changed = false;
  let leaving = false;

  function entered() {
    const values = new URLSearchParams();
    for (const [name, value] of new FormData(form)) {
      if (typeof value === "string" && !NOT_KEPT.has(name)) values.append(name, value);
    }
    return values;
  }

  async function save() {
    window.clearTimeout(timer);
    if (!changed || leaving) return;
    changed = false;
    const body = entered();
    try {
      const answer = await fetch(form.dataset.draft, {
        method: "POST",
        headers: { accept: "application/json" },
        body,
        redirect: "manual",
        keepalive: body.toString().length < MAX_KEEPALIVE,
      });
      if (answer.type === "opaqueredirect" || answer.status === 401) {
        state.textContent = "時間が過ぎたため、ログアウトしました。送るボタンを押すと、書いたものを預かったうえで、ログインの画面に移ります。";
      } else if (answer.ok) {
        const saved = await answer.json();
        state.textContent = `下書きを保存しました(${saved.at})。`;
        window.history.replaceState(null, "", form.getAttribute("action"));
      } else if (answer.status === 409) {
        state.textContent = "もう送りました。送信箱で結果を確かめてください。";
      } else {
        state.textContent = "下書きを保存できません。このまま続けられます。";
      }
    } catch {
      state.textContent = "窓口につながりません。書いたものはこの画面にあります。";
      changed = true;
      timer = window.setTimeout(save, 5 * DELAY_MS);
    }
  }

  form.addEventListener("input", () => {
    changed = true;
    window.clearTimeout(timer);
    timer = window.setTimeout(save, DELAY_MS);
  });
  form.addEventListener("submit", (event) => {
    if (leaving && !event.submitter?.formAction?.endsWith("/attach")) {
      event.preventDefault();
      return;
    }
    leaving = true;
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") save();
  });
  window.addEventListener("pageshow", () => {
    leaving = false;
  });
  if (window.location.pathname.endsWith("/attach")) {
    changed = true; // a file was attached or discarded
    save();
  }
}
