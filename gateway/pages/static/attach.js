// Says how far an upload is. Without JavaScript the button sends the whole form at once, and the page says it afterwards.
const MAX_BYTES = 25_000_000;
const button = document.getElementById("attach-button");
const input = document.getElementById("attach-file");
const bar = document.getElementById("attach-progress");
const state = document.getElementById("attach-status");

button.addEventListener("click", (event) => {
  const file = input.files[0];
  if (!file) return;
  event.preventDefault();
  if (file.size > MAX_BYTES) {
    state.textContent = "大きすぎます(25MBまで)。";
    return;
  }
  const form = button.form;
  const data = new FormData();
  data.append("composing", form.elements.namedItem("composing").value);
  data.append("about", form.elements.namedItem("about")?.value ?? "");
  data.append("command_id", form.elements.namedItem("command_id")?.value ?? "");
  data.append("file", file);
  const request = new XMLHttpRequest();
  request.open("POST", button.formAction);
  request.upload.addEventListener("progress", (sent) => {
    if (!sent.lengthComputable) return;
    const percent = Math.floor((100 * sent.loaded) / sent.total);
    bar.value = percent;
    state.textContent = percent < 100 ? `送信中 ${percent}%` : "検査中";
  });
  request.addEventListener("load", () => {
    const number = request.getResponseHeader("Kakehashi-Attachment");
    if (!number) {
      state.textContent = "受け付けられませんでした(25MBまで)。もう一度選んでください。";
      button.disabled = false;
      return;
    }
    // It is at the door now: the page is made anew with what was written, and without the file.
    input.value = "";
    const ticked = document.createElement("input");
    ticked.type = "hidden";
    ticked.name = "attach";
    ticked.value = number;
    form.append(ticked);
    form.requestSubmit(submitterOf(form));
  });
  request.addEventListener("error", () => {
    state.textContent = "送れませんでした。もう一度押してください。";
    button.disabled = false;
  });
  bar.hidden = false;
  button.disabled = true;
  request.send(data);
});

function submitterOf(form) {
  const submitter = document.createElement("button");
  submitter.formAction = button.formAction;
  submitter.formEnctype = "multipart/form-data";
  submitter.formNoValidate = true;
  submitter.hidden = true;
  form.append(submitter);
  return submitter;
}
