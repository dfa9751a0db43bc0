// Names of what runs hold, as people say them, and what each number is.

import { fixed, percent } from "./format.js";

export const SETTINGS = { "audio+video": "Face and voice", video: "Face only", audio: "Voice only" };

export const METRICS = {
  accuracy: ["Accuracy", "percent", "Share of right diagnoses."],
  macro_f1: ["Macro-F1", "percent", "Mean over the diagnoses of the harmonic mean of precision and recall."],
  auroc: ["AUROC", "number", "Area under the ROC curve, one diagnosis against the rest, averaged: 0.5 is guessing, 1 is perfect."],
  brier: ["Brier score", "number", "Mean squared distance of the probabilities from the truth: 0 is perfect."],
  ece: ["Calibration error", "number", "Mean distance between how sure the model is and how often it is right, in ten bins."],
  mae_total: ["MAE of the total", "points", "Mean distance between the predicted and the raters' total."],
  rmse_total: ["RMSE of the total", "points", "Root of the mean squared distance; large errors count more."],
  spearman_total: ["Spearman's rho", "number", "Rank correlation of the predicted with the raters' total: 1 is the same order."],
};

// The same decimals down a column, so that figures align.
export const UNITS = { percent, number: (value) => fixed(value, 3), points: (value) => fixed(value, 2) };
