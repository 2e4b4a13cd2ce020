// The slider alone: letting go of it shows that moment. Without this file the button does it.
const slider = document.getElementById("n");
slider.addEventListener("change", () => slider.form.requestSubmit());
