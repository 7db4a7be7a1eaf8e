"use strict";

// Hides the books that do not have the text.
const filter = document.querySelector("#filter");
if (filter) {
  filter.addEventListener("input", () => {
    for (const book of document.querySelectorAll("#books li")) {
      book.hidden = !book.textContent.toLowerCase().includes(filter.value.toLowerCase());
    }
  });
}
