// Foundation brings an ICU of its own, and two in one program is one too many: we never touch a converter.
#include <libxml/xmlversion.h>
#undef LIBXML_ICU_ENABLED
#include <libxml/HTMLparser.h>
#include <libxml/tree.h>
#include <libxml/xmlreader.h>

// `xmlFree` is a variable, which Swift cannot call safely.
static inline void parley_xml_free(void *memory) { xmlFree(memory); }
