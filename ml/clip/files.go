package clip

import "albumen/ml/modelfile"

// The files of a model folder.
const (
	configFile       = modelfile.Config
	preprocessorFile = modelfile.Preprocessor
	weightsFile      = modelfile.Weights
	tokenizerFile    = modelfile.Tokenizer
	vocabularyFile   = modelfile.Vocabulary
	mergesFile       = modelfile.Merges
	specialFile      = modelfile.Special
)
