/* Every setting: its name, type, default, bounds and place in struct settings. */
#pragma once
#include "schema/settings/settings.h"

extern const struct conf_key settings_keys[]; /* ended by a row without a name */
