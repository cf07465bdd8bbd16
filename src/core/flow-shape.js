/**
 * What the type of a flow class says to those who never load it: the Runner takes its parameter types from here and the
 * client its artifact types. Types only; nothing of this exists when the program runs.
 */
export {};
