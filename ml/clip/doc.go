// Package clip runs CLIP models from folders in Hugging Face's layout: it reads the
// architecture, the tokenizer and the weights, prepares pictures and texts, and
// turns both into unit vectors whose cosines compare them.
//
// Nothing about one model is written down here. Widths, depths, heads, patch and
// picture size, activation, special tokens, means and deviations all come from the
// folder's files; where one of them is wrong, a [*FolderError] names file and field.
package clip
