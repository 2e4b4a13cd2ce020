// Warns before a session ends, whatever page of the door is open. How long it lasts the door knows: other pages prolong it, too.
{
  const warning = document.getElementById("session-warning");
  const WARN_SECONDS = 120;
  const CHECK_MS = 30_000;
  const text = warning.querySelector("[data-text]");

  async function check() {
    try {
      const answer = await fetch(warning.dataset.left, { headers: { accept: "application/json" } });
      if (answer.ok) show((await answer.json()).seconds);
    } catch {
      // away: asked again
    }
  }

  function show(seconds) {
    const ends = seconds > 0 && seconds <= WARN_SECONDS;
    if (ends) text.textContent = `操作がないため、あと${Math.ceil(seconds / 60)}分ほどでログアウトします。`;
    if (seconds === 0) text.textContent = "時間が過ぎたため、ログアウトしました。送ろうとしたものは預かり、ログインし直すと続きから始められます。";
    warning.querySelector("button").hidden = seconds === 0;
    warning.hidden = !ends && seconds !== 0;
  }

  warning.querySelector("button").addEventListener("click", async () => {
    const answer = await fetch(warning.dataset.keep, { method: "POST", headers: { accept: "application/json" }, redirect: "manual" });
    if (answer.ok) show((await answer.json()).seconds);
    else show(0);
  });
  window.setInterval(check, CHECK_MS);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") check();
  });
}
