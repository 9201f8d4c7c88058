/* How many entries a table has that is an array. */
#pragma once

#define COUNT_OF(table) (sizeof(table) / sizeof *(table))
