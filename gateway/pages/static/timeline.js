// Releasing the slider shows that moment. Without JavaScript the button does the same.
const slider = document.getElementById("n");
slider.addEventListener("change", () => slider.form.requestSubmit());
