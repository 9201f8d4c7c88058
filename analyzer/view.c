/* See view.h. */
#include "analyzer/view.h"
