/* Places at which a test lets the program die, by name: FAULT("before-commit"). Built
 * with TLSRPT_FAULTS, a process whose environment says TLSRPT_FAULT=NAME or NAME:N kills
 * itself (SIGKILL) the Nth time that it comes to that place; otherwise they are nothing.
 */
#pragma once

#ifdef TLSRPT_FAULTS
void fault_here(const char *name);
#define FAULT(name) fault_here(name)
#else
#define FAULT(name) ((void)0)
#endif
