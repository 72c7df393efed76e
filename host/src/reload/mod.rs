//! Generations: everything that one configuration loads, swapped as a whole.
