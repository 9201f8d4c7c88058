/* tlsrpt: answers questions about the reports that are kept. */
int
main(void)
{
    return 0;
}
