// Faults at system calls of a process: preloaded into it, counts the calls that change files below given folders, and lets the n-th one
// fail or be the last of the process. Compiled by FaultShim. Settings come from the environment, or later from fault_arm:
//   FAULT_PATHS   folders, separated by ':'; calls on other files are not counted
//   FAULT_KINDS   kinds of calls, separated by ','; all if not set: create mkdir write truncate fsync syncfs rename link unlink rmdir
//   FAULT_AT      the number of the call, from 1; 0 counts only
//   FAULT_ERROR   the errno it fails with, before it has an effect; 0 kills the process there, in a write after half of its bytes
//   FAULT_LATE    1: the call has its effect first
//   FAULT_ALWAYS  1: that call and all later ones
//   FAULT_LOG     a file that gets a line "KIND PATH" for each call
// The runtime asks libc itself for the functions that .NET code imports, past any preloaded ones: so dlsym is taken over too.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_long count;
static char paths[8192], kinds[256];
static const char *log_file;
static long at, fault, late, always;

static long number(const char *name) {
  const char *text = getenv(name);
  return text ? atol(text) : 0;
}

// Begins to count anew. Returns how many calls were counted before.
long fault_arm(const char *new_paths, const char *new_kinds, long new_at, long new_fault, long new_late, long new_always) {
  at = 0; // nothing is hit while the rest changes
  snprintf(paths, sizeof paths, "%s", new_paths ? new_paths : "");
  snprintf(kinds, sizeof kinds, "%s", new_kinds ? new_kinds : "");
  fault = new_fault, late = new_late, always = new_always;
  long before = atomic_exchange(&count, 0);
  at = new_at;
  return before;
}

__attribute__((constructor)) static void arm_from_environment(void) {
  log_file = getenv("FAULT_LOG");
  fault_arm(getenv("FAULT_PATHS"), getenv("FAULT_KINDS"), number("FAULT_AT"), number("FAULT_ERROR"), late, number("FAULT_ALWAYS"));
}

// Whether a word is in a list, or, for folders, below one of its items.
static int listed(const char *list, char separator, const char *word) {
  for (const char *item = list; *item;) {
    size_t length = strchrnul(item, separator) - item;
    if (!strncmp(item, word, length) && (!word[length] || (separator == ':' && word[length] == '/'))) return 1;
    item += length + (item[length] == separator);
  }
  return 0;
}

// Counts a call, and says whether this one is to be hit.
static int hit(const char *kind, const char *path) {
  if (!path || !listed(paths, ':', path) || (*kinds && !listed(kinds, ',', kind))) return 0;
  long mine = atomic_fetch_add(&count, 1) + 1;
  if (log_file) {
    char line[4600];
    int length = snprintf(line, sizeof line, "%s %s\n", kind, path);
    int file = syscall(SYS_openat, AT_FDCWD, log_file, O_WRONLY | O_APPEND | O_CREAT, 0600);
    syscall(SYS_write, file, line, length);
    syscall(SYS_close, file);
  }
  return at > 0 && (mine == at || (mine > at && always));
}

static const char *path_of(int file, char *buffer) {
  char name[40];
  snprintf(name, sizeof name, "/proc/self/fd/%d", file);
  long length = syscall(SYS_readlinkat, AT_FDCWD, name, buffer, 4095);
  if (length < 0) return 0;
  buffer[length] = 0;
  return buffer;
}

// How a call ends that was hit. The argument is what it returned if it had its effect, and does not matter any more.
static long end(long result) {
  (void)result;
  if (!fault) {
    syscall(SYS_kill, getpid(), SIGKILL);
    for (;;) pause();
  }
  errno = (int)fault;
  return -1;
}

#define CALL(kind, path, real) \
  do { \
    if (!hit(kind, path)) return real; \
    return end(late ? (long)(real) : 0); \
  } while (0)

#define CALL_FD(kind, file, real) \
  char buffer[4096]; \
  CALL(kind, path_of(file, buffer), real)

ssize_t pwrite64(int file, const void *bytes, size_t length, off_t offset) {
  char buffer[4096];
  if (!hit("write", path_of(file, buffer))) return syscall(SYS_pwrite64, file, bytes, length, offset);
  if (late) syscall(SYS_pwrite64, file, bytes, length, offset);
  else if (!fault) syscall(SYS_pwrite64, file, bytes, length / 2, offset);
  return end(0);
}
ssize_t pwrite(int file, const void *bytes, size_t length, off_t offset) { return pwrite64(file, bytes, length, offset); }
ssize_t write(int file, const void *bytes, size_t length) { CALL_FD("write", file, syscall(SYS_write, file, bytes, length)); }
ssize_t pwritev(int file, const struct iovec *parts, int n, off_t offset) { CALL_FD("write", file, syscall(SYS_pwritev, file, parts, n, offset, 0L)); }
ssize_t pwritev64(int file, const struct iovec *parts, int n, off_t offset) { return pwritev(file, parts, n, offset); }
int ftruncate(int file, off_t length) { CALL_FD("truncate", file, syscall(SYS_ftruncate, file, length)); }
int ftruncate64(int file, off_t length) { return ftruncate(file, length); }
int fsync(int file) { CALL_FD("fsync", file, syscall(SYS_fsync, file)); }
int fdatasync(int file) { CALL_FD("fsync", file, syscall(SYS_fdatasync, file)); }
int syncfs(int file) { CALL_FD("syncfs", file, syscall(SYS_syncfs, file)); }
int mkdir(const char *path, mode_t mode) { CALL("mkdir", path, syscall(SYS_mkdirat, AT_FDCWD, path, mode)); }
int rename(const char *from, const char *to) { CALL("rename", to, syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0)); }
int renameat2(int a, const char *from, int b, const char *to, unsigned flags) { CALL("rename", to, syscall(SYS_renameat2, a, from, b, to, flags)); }
int link(const char *from, const char *to) { CALL("link", to, syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0)); }
int unlink(const char *path) { CALL("unlink", path, syscall(SYS_unlinkat, AT_FDCWD, path, 0)); }
int rmdir(const char *path) { CALL("rmdir", path, syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR)); }

static int open_file(int folder, const char *path, int flags, int mode) {
  if (!(flags & O_CREAT)) return syscall(SYS_openat, folder, path, flags, mode);
  CALL("create", path, syscall(SYS_openat, folder, path, flags, mode));
}

static int mode_of(int flags, va_list list) { return flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)) ? va_arg(list, int) : 0; }

#define OPEN(folder) \
  va_list list; \
  va_start(list, flags); \
  int mode = mode_of(flags, list); \
  va_end(list); \
  return open_file(folder, path, flags, mode)

int open(const char *path, int flags, ...) { OPEN(AT_FDCWD); }
int open64(const char *path, int flags, ...) { OPEN(AT_FDCWD); }
int openat(int folder, const char *path, int flags, ...) { OPEN(folder); }
int openat64(int folder, const char *path, int flags, ...) { OPEN(folder); }

static const struct { const char *name; void *function; } taken[] = {
  {"write", write}, {"pwrite", pwrite}, {"pwrite64", pwrite64}, {"pwritev", pwritev}, {"pwritev64", pwritev64},
  {"ftruncate", ftruncate}, {"ftruncate64", ftruncate64}, {"fsync", fsync}, {"fdatasync", fdatasync}, {"syncfs", syncfs},
  {"mkdir", mkdir}, {"rename", rename}, {"renameat2", renameat2}, {"link", link}, {"unlink", unlink}, {"rmdir", rmdir},
  {"open", open}, {"open64", open64}, {"openat", openat}, {"openat64", openat64},
};

void *dlsym(void *library, const char *name) {
  static void *(*real)(void *, const char *);
  static const char *const versions[] = {"GLIBC_2.34", "GLIBC_2.17", "GLIBC_2.2.5"};
  for (int i = 0; !real && i < 3; i++) *(void **)&real = dlvsym(RTLD_NEXT, "dlsym", versions[i]);
  for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
    if (!strcmp(name, taken[i].name)) return taken[i].function;
  }
  return real(library, name);
}
