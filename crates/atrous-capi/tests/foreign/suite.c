/* What a C program may do with the library, and what it should not do. */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __x86_64__
#include <xmmintrin.h>
#endif

#include "atrous.h"

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            printf("line %d: %s\nlast error: %s\n", __LINE__, #condition, atrous_last_error());                        \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

/* A call that fails with a status and a message that has a part. */
#define FAILS(call, status, part)                                                                                      \
    do {                                                                                                               \
        AtrousStatus found = (call);                                                                                   \
        if (found != (status) || !strstr(atrous_last_error(), (part))) {                                               \
            printf("line %d: %s gave %d, %s\n", __LINE__, #call, (int)found, atrous_last_error());                     \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

static const char *NET = "net two {"
                         "    input x: [1, 1, W];"
                         "    a = conv(x) { channels: 1, kernel: 3, padding: 1, bias };"
                         "    b = conv(a) { channels: 1, kernel: 1 };"
                         "    output b;"
                         "}";
static const char *LAYER = "layer mix { input: [1, 2, 2], channels: 1, kernel: 1 }";

static AtrousKernel *compile(const char *spec, const AtrousOptions *options) {
    AtrousKernel *kernel = NULL;
    CHECK(atrous_compile(spec, options, &kernel) == ATROUS_STATUS_OK && kernel);
    return kernel;
}

static AtrousKernel *compile_net(void) {
    AtrousSize size = {"W", 4};
    AtrousOptions options = {0};
    options.sizes = &size;
    options.size_count = 1;
    options.threads = 2;
    return compile(NET, &options);
}

static float a_weight[3] = {1, 2, 1}, a_bias[1] = {0.5f}, b_weight[1] = {2};
static const AtrousSlice PARAMETERS[3] = {{a_weight, 3}, {a_bias, 1}, {b_weight, 1}};

static AtrousPacked *pack(const AtrousKernel *kernel) {
    AtrousPacked *packed = NULL;
    CHECK(atrous_pack(kernel, PARAMETERS, 3, &packed) == ATROUS_STATUS_OK && packed);
    return packed;
}

static void describes(void) {
    AtrousKernel *kernel = compile_net();
    AtrousInfo info;
    CHECK(atrous_info(kernel, &info) == ATROUS_STATUS_OK);
    CHECK(!strcmp(info.name, "two") && strlen(info.target) > 0);
    CHECK(info.layout == ATROUS_LAYOUT_NCHW && info.threads == 2);
    CHECK(info.input_count == 1 && info.output_count == 1 && info.parameter_count == 3);
    CHECK(info.packed_len >= 5 && info.scratch_len >= 4);
    CHECK(info.tuned_count == 0 && !*info.warning);
    AtrousTensor tensor;
    CHECK(atrous_tensor(kernel, ATROUS_TENSOR_INPUT, 0, &tensor) == ATROUS_STATUS_OK);
    CHECK(!strcmp(tensor.name, "x") && tensor.rank == 3 && tensor.shape[2] == 4 && tensor.len == 4);
    CHECK(atrous_tensor(kernel, ATROUS_TENSOR_OUTPUT, 0, &tensor) == ATROUS_STATUS_OK);
    CHECK(!strcmp(tensor.name, "b") && tensor.len == 4);
    CHECK(atrous_tensor(kernel, ATROUS_TENSOR_PARAMETER, 1, &tensor) == ATROUS_STATUS_OK);
    CHECK(!strcmp(tensor.name, "a.bias") && tensor.rank == 1 && tensor.shape[0] == 1);
    FAILS(atrous_tensor(kernel, ATROUS_TENSOR_PARAMETER, 3, &tensor), ATROUS_STATUS_INDEX, "there are 3 parameters");
    FAILS(atrous_tensor(kernel, ATROUS_TENSOR_INPUT, (size_t)-1, &tensor), ATROUS_STATUS_INDEX, "there is 1 input");
    FAILS(atrous_tensor(kernel, 3, 0, &tensor), ATROUS_STATUS_OPTION, "`kind` is 3");
    FAILS(atrous_tensor(kernel, ATROUS_TENSOR_INPUT, 0, NULL), ATROUS_STATUS_NULL, "`tensor` is null");
    FAILS(atrous_tensor(NULL, ATROUS_TENSOR_INPUT, 0, &tensor), ATROUS_STATUS_NULL, "`kernel` is null");
    FAILS(atrous_info(NULL, &info), ATROUS_STATUS_NULL, "`kernel` is null");
    FAILS(atrous_info(kernel, NULL), ATROUS_STATUS_NULL, "`info` is null");
    atrous_kernel_free(kernel);
}

static void computes(void) {
    AtrousKernel *kernel = compile_net();
    AtrousInfo info;
    CHECK(atrous_info(kernel, &info) == ATROUS_STATUS_OK);
    AtrousPacked *packed = pack(kernel);
    float *scratch = malloc(info.scratch_len * sizeof(float));
    CHECK(scratch);
    /* The packed parameters need the kernel no more. */
    atrous_kernel_free(kernel);
    const float inputs[2][4] = {{0, 1, 0, 0}, {1, 0, 0, 1}};
    const float expected[2][4] = {{3, 5, 3, 1}, {5, 3, 3, 5}};
    for (int round = 0; round < 4; round++) {
        float memory[6] = {7, NAN, NAN, NAN, NAN, 7};
        AtrousSlice input = {inputs[round % 2], 4};
        AtrousSliceMut output = {memory + 1, 4};
        int own = round >= 2;
        AtrousStatus status =
            atrous_run(packed, &input, 1, &output, 1, own ? NULL : scratch, own ? 0 : info.scratch_len);
        CHECK(status == ATROUS_STATUS_OK);
        CHECK(!memcmp(memory + 1, expected[round % 2], sizeof expected[0]));
        CHECK(memory[0] == 7 && memory[5] == 7);
    }
    free(scratch);
    atrous_packed_free(packed);
}

/* The same numbers in both orders of memory. */
static void overrides_the_layout(void) {
    const float weight[2] = {1, 10};
    const float expected[3][2] = {{31, 42}, {31, 42}, {21, 43}};
    for (uint32_t layout = ATROUS_LAYOUT_SPEC; layout <= ATROUS_LAYOUT_NHWC; layout++) {
        AtrousOptions options = {0};
        options.layout = layout;
        options.target = "portable";
        AtrousKernel *kernel = compile(LAYER, &options);
        AtrousInfo info;
        AtrousTensor tensor;
        CHECK(atrous_info(kernel, &info) == ATROUS_STATUS_OK);
        CHECK(!strcmp(info.target, "portable") && info.threads == 1);
        CHECK(info.layout == (layout == ATROUS_LAYOUT_SPEC ? ATROUS_LAYOUT_NCHW : layout));
        CHECK(atrous_tensor(kernel, ATROUS_TENSOR_OUTPUT, 0, &tensor) == ATROUS_STATUS_OK && tensor.rank == 3);
        CHECK(tensor.shape[1] == (layout == ATROUS_LAYOUT_NHWC ? 2u : 1u));
        AtrousSlice parameter = {weight, 2};
        AtrousPacked *packed = NULL;
        CHECK(atrous_pack(kernel, &parameter, 1, &packed) == ATROUS_STATUS_OK);
        const float values[4] = {1, 2, 3, 4};
        float result[2];
        AtrousSlice input = {values, 4};
        AtrousSliceMut output = {result, 2};
        CHECK(atrous_run(packed, &input, 1, &output, 1, NULL, 0) == ATROUS_STATUS_OK);
        CHECK(!memcmp(result, expected[layout], sizeof result));
        atrous_packed_free(packed);
        atrous_kernel_free(kernel);
    }
}

/* A cache that is not there is no error. */
static void warns_of_the_cache(void) {
    AtrousOptions options = {0};
    options.tuning = "there/is/no/cache.json";
    AtrousKernel *kernel = compile(LAYER, &options);
    AtrousInfo info;
    CHECK(atrous_info(kernel, &info) == ATROUS_STATUS_OK && info.tuned_count == 0);
    CHECK(!strcmp(info.warning, "there/is/no/cache.json: there is no such file"));
    atrous_kernel_free(kernel);
}

#ifdef __x86_64__
enum { WIDE = 16 * 80 * 80 };
static float wide_weight[16 * 16], wide_input[WIDE], wide_output[WIDE];

/* A layer that copies its input, large enough for two threads to share. */
static AtrousPacked *pack_copying(size_t threads) {
    AtrousOptions options = {0};
    options.threads = threads;
    AtrousKernel *kernel = compile("layer copy { input: [1, 16, 80, 80], channels: 16, kernel: 1 }", &options);
    for (int i = 0; i < 16; i++)
        wide_weight[17 * i] = 1;
    AtrousSlice parameter = {wide_weight, 16 * 16};
    AtrousPacked *packed = NULL;
    CHECK(atrous_pack(kernel, &parameter, 1, &packed) == ATROUS_STATUS_OK);
    atrous_kernel_free(kernel);
    return packed;
}

/* Whether the threads of the library start, and the caller runs, while subnormal numbers count as zero: they stay what
   they are, and so does the caller's choice. */
static void keeps_subnormal_numbers(void) {
    const unsigned own = _mm_getcsr(), flushing = own | 0x8040;
    for (int i = 0; i < WIDE; i++)
        wide_input[i] = 1e-40f;
    for (int round = 0; round < 8; round++) {
        _mm_setcsr(round & 1 ? flushing : own);
        AtrousPacked *packed = pack_copying(round & 2 ? 2 : 1);
        _mm_setcsr(round & 4 ? flushing : own);
        for (int run = 0; run < 500; run++) {
            const unsigned before = _mm_getcsr();
            AtrousSlice input = {wide_input, WIDE};
            AtrousSliceMut output = {wide_output, WIDE};
            memset(wide_output, 0, sizeof wide_output);
            CHECK(atrous_run(packed, &input, 1, &output, 1, NULL, 0) == ATROUS_STATUS_OK);
            CHECK(!memcmp(wide_output, wide_input, sizeof wide_input));
            CHECK(_mm_getcsr() == before);
        }
        _mm_setcsr(own);
        atrous_packed_free(packed);
    }
}
#endif

static void misuses_compile(void) {
    int none = 0;
    AtrousKernel *kernel = (AtrousKernel *)(void *)&none;
    FAILS(atrous_compile(NULL, NULL, &kernel), ATROUS_STATUS_NULL, "`spec` is null");
    CHECK(!kernel);
    FAILS(atrous_compile(LAYER, NULL, NULL), ATROUS_STATUS_NULL, "`kernel` is null");
    FAILS(atrous_compile("layer a { kernel: 3 }", NULL, &kernel), ATROUS_STATUS_SPEC, "has no `input`");
    FAILS(atrous_compile("", NULL, &kernel), ATROUS_STATUS_SPEC, "neither a layer nor a net");
    FAILS(atrous_compile("\xff", NULL, &kernel), ATROUS_STATUS_TEXT, "`spec` is not UTF-8");
    FAILS(atrous_compile(NET, NULL, &kernel), ATROUS_STATUS_SPEC, "sizes that are not bound: W");
    AtrousOptions options = {0};
    options.target = "sse9";
    FAILS(atrous_compile(LAYER, &options, &kernel), ATROUS_STATUS_TARGET, "there is no target `sse9`");
    options.target = "\xff";
    FAILS(atrous_compile(LAYER, &options, &kernel), ATROUS_STATUS_TEXT, "`options.target` is not UTF-8");
    options.target = NULL;
    options.layout = 3;
    FAILS(atrous_compile(LAYER, &options, &kernel), ATROUS_STATUS_OPTION, "`options.layout` is 3");
    options.layout = 0;
    options.threads = (size_t)-1;
    FAILS(atrous_compile(LAYER, &options, &kernel), ATROUS_STATUS_OPTION, "0 to 1024 are possible");
    options.threads = 0;
    AtrousSize sizes[2] = {{"W", 4}, {"W", 5}};
    options.size_count = 2;
    FAILS(atrous_compile(NET, &options, &kernel), ATROUS_STATUS_NULL, "`options.sizes` is null");
    options.sizes = sizes;
    FAILS(atrous_compile(NET, &options, &kernel), ATROUS_STATUS_OPTION, "two sizes have the name `W`");
    sizes[1].name = "H";
    FAILS(atrous_compile(NET, &options, &kernel), ATROUS_STATUS_SPEC, "H");
    sizes[1].name = NULL;
    FAILS(atrous_compile(NET, &options, &kernel), ATROUS_STATUS_NULL, "the name of size 1 is null");
    options.size_count = 1;
    sizes[0].size = 0;
    FAILS(atrous_compile(NET, &options, &kernel), ATROUS_STATUS_SPEC, "the size given for W is 0");
    options.size_count = (size_t)-1;
    FAILS(atrous_compile(NET, &options, &kernel), ATROUS_STATUS_LENGTH, "more than memory can hold");
    CHECK(!kernel);
}

static void misuses_pack(void) {
    AtrousKernel *kernel = compile_net();
    AtrousPacked *packed = NULL;
    FAILS(atrous_pack(NULL, PARAMETERS, 3, &packed), ATROUS_STATUS_NULL, "`kernel` is null");
    FAILS(atrous_pack(kernel, NULL, 3, &packed), ATROUS_STATUS_NULL, "`parameters` is null");
    FAILS(atrous_pack(kernel, PARAMETERS, 3, NULL), ATROUS_STATUS_NULL, "`packed` is null");
    FAILS(atrous_pack(kernel, PARAMETERS, 2, &packed), ATROUS_STATUS_COUNT, "expected 3 parameters, found 2");
    AtrousSlice wrong[3] = {PARAMETERS[0], PARAMETERS[1], PARAMETERS[2]};
    wrong[0].len = 2;
    FAILS(atrous_pack(kernel, wrong, 3, &packed), ATROUS_STATUS_LENGTH, "expected 3 elements, found 2");
    wrong[0].len = (size_t)-1;
    FAILS(atrous_pack(kernel, wrong, 3, &packed), ATROUS_STATUS_LENGTH, "parameter 0 has");
    wrong[0].data = NULL;
    FAILS(atrous_pack(kernel, wrong, 3, &packed), ATROUS_STATUS_NULL, "parameter 0 is null");
    wrong[0].data = (const float *)(const void *)((const char *)a_weight + 1);
    FAILS(atrous_pack(kernel, wrong, 3, &packed), ATROUS_STATUS_ALIGNMENT, "parameter 0 is not aligned to 4 bytes");
    CHECK(!packed);
    atrous_kernel_free(kernel);
}

static void misuses_run(void) {
    AtrousKernel *kernel = compile_net();
    AtrousInfo info;
    CHECK(atrous_info(kernel, &info) == ATROUS_STATUS_OK);
    AtrousPacked *packed = pack(kernel);
    size_t len = info.scratch_len;
    float *scratch = calloc(len + 8, sizeof(float));
    CHECK(scratch);
    /* The input is next to the output, so that it overlaps it when it is too long. */
    float both[8] = {0, 1, 0, 0, 9, 9, 9, 9}, *x = both, *y = both + 4;
    AtrousSlice input = {x, 4}, wrong = {x, 4};
    AtrousSliceMut output = {y, 4}, bad = {y, 4};
    FAILS(atrous_run(NULL, &input, 1, &output, 1, scratch, len), ATROUS_STATUS_NULL, "`packed` is null");
    FAILS(atrous_run(packed, NULL, 1, &output, 1, scratch, len), ATROUS_STATUS_NULL, "`inputs` is null");
    FAILS(atrous_run(packed, &input, 1, NULL, 1, scratch, len), ATROUS_STATUS_NULL, "`outputs` is null");
    FAILS(atrous_run(packed, NULL, 0, &output, 1, scratch, len), ATROUS_STATUS_COUNT, "expected 1 input, found 0");
    FAILS(atrous_run(packed, &input, 1, NULL, 0, scratch, len), ATROUS_STATUS_COUNT, "expected 1 output, found 0");
    FAILS(atrous_run(packed, &input, 1, &output, 1, NULL, len), ATROUS_STATUS_NULL, "`scratch` is null");
    FAILS(atrous_run(packed, &input, 1, &output, 1, scratch, len - 1), ATROUS_STATUS_LENGTH, "of scratch memory or more");
    FAILS(atrous_run(packed, &input, 1, &output, 1, scratch, (size_t)-1), ATROUS_STATUS_LENGTH, "`scratch` has");
    float *odd = (float *)(void *)((char *)scratch + 2);
    FAILS(atrous_run(packed, &input, 1, &output, 1, odd, len), ATROUS_STATUS_ALIGNMENT, "`scratch` is not aligned");
    wrong.len = 5;
    FAILS(atrous_run(packed, &wrong, 1, &output, 1, scratch, len), ATROUS_STATUS_LENGTH, "expected 4 elements, found 5");
    wrong.data = NULL;
    FAILS(atrous_run(packed, &wrong, 1, &output, 1, scratch, len), ATROUS_STATUS_NULL, "input 0 is null");
    bad.len = 3;
    FAILS(atrous_run(packed, &input, 1, &bad, 1, scratch, len), ATROUS_STATUS_LENGTH, "expected 4 elements, found 3");
    bad.data = NULL;
    FAILS(atrous_run(packed, &input, 1, &bad, 1, scratch, len), ATROUS_STATUS_NULL, "output 0 is null");
    bad.data = x;
    bad.len = 4;
    FAILS(atrous_run(packed, &input, 1, &bad, 1, scratch, len), ATROUS_STATUS_OVERLAP, "output 0 and input 0 overlap");
    bad.data = scratch + len - 1;
    FAILS(atrous_run(packed, &input, 1, &bad, 1, scratch, len), ATROUS_STATUS_OVERLAP, "output 0 and `scratch` overlap");
    wrong.data = scratch;
    wrong.len = 4;
    FAILS(atrous_run(packed, &wrong, 1, &output, 1, scratch, len), ATROUS_STATUS_OVERLAP, "input 0 and `scratch` overlap");
    for (int i = 0; i < 4; i++)
        CHECK(y[i] == 9 && x[i] == (i == 1));
    /* Side by side is no overlap. */
    bad.data = scratch + len;
    CHECK(atrous_run(packed, &input, 1, &bad, 1, scratch, len) == ATROUS_STATUS_OK);
    CHECK(bad.data[0] == 3 && bad.data[3] == 1);
    free(scratch);
    atrous_packed_free(packed);
    atrous_kernel_free(kernel);
}

int main(void) {
    CHECK(!strcmp(atrous_last_error(), ""));
    CHECK(strlen(atrous_version()) > 0);
    describes();
    computes();
    overrides_the_layout();
    warns_of_the_cache();
#ifdef __x86_64__
    keeps_subnormal_numbers();
#endif
    misuses_compile();
    misuses_pack();
    misuses_run();
    atrous_kernel_free(NULL);
    atrous_packed_free(NULL);
    puts("all is well");
    return 0;
}
