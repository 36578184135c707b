/* Reads the vectors, and holds a layer norm to Algorithm 6.  cc -std=c99 read_npy.c -lm */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    int axes, integers;           /* how many axes; whether the entries are int64, or double */
    long shape[8], size;          /* row by row: the last axis is the fastest */
    void *data;
} Array;

static void fail(const char *file, const char *what) {
    fprintf(stderr, "%s: %s\n", file, what);
    exit(2);
}

static FILE *opened(const char *folder, const char *file) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, file);
    FILE *stream = fopen(path, "rb");
    if (!stream) fail(path, "cannot be opened");
    return stream;
}

/* Reads a .npy file of version 1.0; the machine is taken to be little-endian, as the file is. */
Array read_npy(const char *folder, const char *file) {
    FILE *stream = opened(folder, file);
    unsigned char start[10];
    char header[65536] = "";
    if (fread(start, 1, 10, stream) != 10 || memcmp(start, "\x93NUMPY\x01", 7))
        fail(file, "is no .npy file of version 1.0");
    size_t length = start[8] + 256u * start[9];
    if (fread(header, 1, length, stream) != length) fail(file, "ends in its header");
    Array found = {0, strstr(header, "'<i8'") != NULL, {0}, 1, NULL};
    char *at = strstr(header, "'shape': (");
    if (!at || !strstr(header, "False") || (!found.integers && !strstr(header, "'<f8'")))
        fail(file, "is not of little-endian 8-byte numbers, row by row");
    for (at += strlen("'shape': ("); *at != ')'; at += strspn(at, ", ")) {
        found.shape[found.axes++] = strtol(at, &at, 10);
        found.size *= found.shape[found.axes - 1];
    }
    found.data = malloc(8 * (size_t)found.size + 1);
    if (!found.data || fread(found.data, 8, (size_t)found.size, stream) != (size_t)found.size)
        fail(file, "has too few entries");
    fclose(stream);
    return found;
}

/* A bound from index.json, where the bounds of an array stand after its file. */
double bound(const char *folder, const char *file, const char *name) {
    static char index[1 << 22];
    FILE *stream = opened(folder, "index.json");
    index[fread(index, 1, sizeof index - 1, stream)] = 0;
    fclose(stream);
    char *row = strstr(index, file), *at = row ? strstr(row, name) : NULL;
    if (!at) fail(file, "has no such bound in the index");
    return strtod(strchr(at, ':') + 1, NULL);
}

int main(int count, char **words) {
    const char *folder = count > 1 ? words[1] : ".", *file = "6/lines/3/0/e_hat.npy";
    double *e = read_npy(folder, "6/inputs/e.npy").data;
    double *gamma = read_npy(folder, "6/parameters/gamma.npy").data;
    double *beta = read_npy(folder, "6/parameters/beta.npy").data;
    double eps = *(double *)read_npy(folder, "6/hyperparameters/eps.npy").data;
    Array stored = read_npy(folder, file);
    double most = bound(folder, file, "float64_within") + bound(folder, file, "stored_within");
    double n = (double)stored.size, m = 0, v = 0;
    int wrong = 0;
    for (long i = 0; i < stored.size; i++) m += e[i] / n;                          /* 6.1 */
    for (long i = 0; i < stored.size; i++) v += (e[i] - m) * (e[i] - m) / n;       /* 6.2 */
    for (long i = 0; i < stored.size; i++) {
        double own = (e[i] - m) / sqrt(v + eps) * gamma[i] + beta[i];              /* 6.3 */
        double off = fabs(own - ((double *)stored.data)[i]);
        printf("6.3, entry %ld: %.2g off, %.2g allowed\n", i, off, most);
        wrong += !(off <= most); /* nor is NaN */
    }
    return wrong > 0;
}
