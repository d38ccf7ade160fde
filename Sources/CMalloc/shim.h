#include <malloc.h>

// A block this large is mapped by itself and goes back to the system when it is freed. By itself glibc raises the bound to the
// largest block that was ever freed, and keeps a large mail's memory for the next one.
static inline void parley_return_large_blocks(void) { mallopt(M_MMAP_THRESHOLD, 256 * 1024); }
