"use strict";

const euros = (cents) => `${(cents / 100).toFixed(2)} EUR`;

function fields(form) {
  const data = Object.fromEntries(new FormData(form));
  return { ...data, beds: Number(data.beds), baths: Number(data.baths) };
}

async function send(form) {
  const answer = await fetch(form.dataset.api, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(fields(form)),
  });
  if (!answer.ok) {
    throw new Error(`the shop answered ${answer.status}`);
  }
  return answer.json();
}

function onSubmit(id, show, fail) {
  const form = document.getElementById(id);
  form?.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      show(await send(form), form);
    } catch (error) {
      fail(error, form);
    }
  });
}

onSubmit(
  "lead-form",
  (_lead, form) => {
    form.reset();
    document.getElementById("lead-answer").textContent = "Thank you. We call you back within a working day.";
  },
  (error) => {
    document.getElementById("lead-answer").textContent = `That did not work: ${error.message}. Please try again.`;
  },
);

onSubmit(
  "estimate-form",
  (estimate) => {
    const rows = estimate.lines.map((line) => {
      const row = document.createElement("tr");
      for (const word of [line.label, euros(line.cents)]) {
        row.appendChild(document.createElement("td")).textContent = word;
      }
      return row;
    });
    document.getElementById("estimate-lines").replaceChildren(...rows);
    document.getElementById("estimate-total").textContent = euros(estimate.total_cents);
  },
  (_error, form) => form.submit(),
);
