// Who judges: the runs that can, beside the demonstration. `?model=ID` chooses one.

import { el, reason, request } from "./dom.js";

export async function mount(element, props) {
  const select = element.querySelector("#dv-judge");
  const asked = new URLSearchParams(location.search).get("model") ?? "";
  const publish = () => { props.value = select.value; };
  props.value = asked; // whoever is quicker than the list means it too
  select.addEventListener("change", publish);
  const about = element.querySelector("#dv-judge-about");
  let runs = [];
  try {
    await request("/studio/session");
    ({ runs } = await (await request("/studio/runs")).json());
  } catch (error) {
    about.textContent = `The runs cannot be listed: ${reason(error)}`;
  }
  select.append(...runs.filter((run) => run.judges).map((run) => el("option", { value: run.id }, title(run))));
  select.value = asked;
  if (select.selectedIndex < 0) {
    select.value = "";
    about.textContent = "The run that the link names cannot judge a recording, or is not here any more. Choose a model.";
  }
  publish();
  select.dataset.ready = "";
}

const title = (run) => `${run.name}: ${run.system} ${run.encoders}, ${run.cohort.name}${run.synthetic ? " (synthetic)" : ""}`;
