document.querySelector("#order").dataset.ready = "yes";
